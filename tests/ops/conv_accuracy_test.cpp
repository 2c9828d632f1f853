// Rounding errors of the Winograd convolution, against the reference in double.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "ops/conv3x3.h"
#include "ops/op_harness.h"

namespace srwm::test {
namespace {

struct Errors {
  double y, dx, dweight;  ///< largest |error| / largest |value|
};

struct Results {
  Tensor y, dx, dweight;
};

template <typename Real>
Tensor random_tensor(Shape shape, double deviation, std::uint32_t index) {
  RandomSequence random(11, Stream::init, index);
  const Tensor tensor = Tensor::owning(shape, DTypeOf<Real>::value);
  for (Real& value : tensor.span<Real>()) value = static_cast<Real>(static_cast<float>(deviation * random.normal()));
  return tensor;
}

template <typename Real>
Results convolve(const Body<Conv3x3>& body, Shape x_shape, std::int64_t out, int threads) {
  const Backend backend = bodiless_backend();
  const DType real = DTypeOf<Real>::value;
  Context context(backend, real, threads);
  const Shape weight_shape = {out, x_shape[3], 3, 3}, y_shape = {x_shape[0], x_shape[1], x_shape[2], out};
  const double deviation = 1 / std::sqrt(9.0 * static_cast<double>(x_shape[3]));
  const Tensors<3> in = {random_tensor<Real>(x_shape, 1, 1), random_tensor<Real>(weight_shape, deviation, 2), Tensor()};
  const Tensors<1> y = {Tensor::owning(y_shape, real)}, dy = {random_tensor<Real>(y_shape, 1, 3)};
  const Results results = {y[0], Tensor::owning(x_shape, real), Tensor::owning(weight_shape, real)};
  Conv3x3::Saved saved;
  body.forward(context, {Conv3x3{}, in, y, saved});
  const Grads<3> gradients = {Grad{results.dx, GradMode::overwrite}, Grad{results.dweight, GradMode::overwrite},
                              Grad{}};
  body.backward(context, {Conv3x3{}, in, y, saved, dy, gradients});
  return results;
}

double relative_error(const Tensor& found, const Tensor& expected) {
  double error = 0, largest = 0;
  for (std::int64_t i = 0; i < found.numel(); ++i) {
    const double value = expected.data<double>()[i], difference = found.data<float>()[i] - value;
    if (!std::isfinite(difference)) return difference;
    error = std::max(error, std::abs(difference));
    largest = std::max(largest, std::abs(value));
  }
  return error / largest;
}

Errors errors_of(Shape x, std::int64_t out) {
  const Results expected = convolve<double>(reference::body_of(Tag<Conv3x3>{}, DType::f64), x, out, 1);
  const Results found = convolve<float>(cpu_backend().body<Conv3x3>(), x, out, 2);
  return {relative_error(found.y, expected.y), relative_error(found.dx, expected.dx),
          relative_error(found.dweight, expected.dweight)};
}

TEST_CASE("Conv3x3: rounding errors stay of the size that a sum of products has anyway") {
  for (const Shape& x : {Shape{4, 14, 14, 64}, Shape{8, 7, 7, 64}, Shape{16, 3, 3, 64}, Shape{2, 28, 28, 16}}) {
    const Errors errors = errors_of(x, 64);
    INFO(fmt::format("{} -> 64: y {:.2g}, dx {:.2g}, dweight {:.2g}", x.to_string(), errors.y, errors.dx,
                     errors.dweight));
    // Measured: 0.9e-6 to 2.0e-6.
    CHECK(errors.y <= 4e-6);
    CHECK(errors.dx <= 4e-6);
    CHECK(errors.dweight <= 4e-6);
  }
}

}  // namespace
}  // namespace srwm::test
