// Ops that work on one element or one row at a time.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/add.h"
#include "ops/dropout.h"
#include "ops/op_harness.h"
#include "ops/relu.h"

namespace srwm::test {
namespace {

OpCase<Add> add_case(Shape shape, std::uint64_t seed) {
  return {.name = shape.to_string(), .op = always(Add{}), .in = {operand(shape), operand(shape)}, .seed = seed};
}

std::vector<OpCase<Add>> add_cases() {
  return {add_case({1}, 1), add_case({5, 31}, 2), add_case({2, 3, 4, 5}, 3), add_case({2, 33331}, 4)};
}
std::vector<OpCase<Add>> add_speed_cases() {
  return {add_case({128, 6, 256}, 1)};
}

OpCase<Relu> relu_case(Shape shape, std::uint64_t seed) {
  return {
      .name = shape.to_string(), .op = always(Relu{}), .in = {operand(shape, away_from_zero(0.01, 2))}, .seed = seed};
}

std::vector<OpCase<Relu>> relu_cases() {
  return {relu_case({1}, 1), relu_case({5, 31}, 2), relu_case({2, 3, 4, 5}, 3), relu_case({2, 33331}, 4)};
}
std::vector<OpCase<Relu>> relu_speed_cases() {
  return {relu_case({768, 1024}, 1)};
}

OpCase<Dropout> dropout_case(Shape shape, double p, std::uint32_t site, std::uint64_t seed) {
  return {.name = fmt::format("{} p {} site {}", shape.to_string(), p, site),
          .op = always(Dropout{.p = p, .site = site}),
          .in = {operand(shape)},
          .seed = seed};
}

std::vector<OpCase<Dropout>> dropout_cases() {
  return {dropout_case({1}, 0.5, 0, 1), dropout_case({5, 31}, 0.1, 7, 2), dropout_case({7, 9}, 0, 1, 3),
          dropout_case({5, 1023}, 0.3, 2, 4)};
}
std::vector<OpCase<Dropout>> dropout_speed_cases() {
  return {dropout_case({768, 1024}, 0.1, 0, 1)};
}

SRWM_TEST_OP(Add, add_cases, add_speed_cases)
SRWM_TEST_OP(Relu, relu_cases, relu_speed_cases)
SRWM_TEST_OP(Dropout, dropout_cases, dropout_speed_cases)

/// Output of the fast dropout of ones.
std::vector<float> dropped_ones(double p, std::uint32_t site, std::uint32_t step, std::uint64_t seed) {
  const Backend backend = bodiless_backend();
  Context context(backend, DType::f32, 2, seed);
  context.set_random_step(step);
  constexpr std::int64_t n = 40001;
  const std::vector<float> ones(n, 1.0f);
  const Tensors<1> in{Tensor::of<float>({n}, ones)}, out{Tensor::owning({n}, DType::f32)};
  const Dropout op{.p = p, .site = site};
  Dropout::Saved saved;
  cpu_backend().body<Dropout>().forward(context, Forward<Dropout>{op, in, out, saved});
  const auto y = out[0].span<float>();
  return {y.begin(), y.end()};
}

TEST_CASE("Dropout zeroes the fraction p and keeps the mean; every site, step and seed draws its own mask", "[ops]") {
  const std::vector<float> y = dropped_ones(0.3, 1, 2, 3);
  const auto zeros = std::count(y.begin(), y.end(), 0.0f);
  const double n = static_cast<double>(y.size());
  const double fraction = static_cast<double>(zeros) / n;
  CHECK(std::abs(fraction - 0.3) <= 5 * std::sqrt(0.3 * 0.7 / n));
  CHECK(std::count(y.begin(), y.end(), 1.0f / 0.7f) == static_cast<std::ptrdiff_t>(y.size()) - zeros);
  CHECK(dropped_ones(0.3, 1, 2, 3) == y);
  CHECK(dropped_ones(0.3, 2, 2, 3) != y);
  CHECK(dropped_ones(0.3, 1, 3, 3) != y);
  CHECK(dropped_ones(0.3, 1, 2, 4) != y);
}

TEST_CASE("Relu of 0 and -0 is 0 with gradient 0, and NaN stays", "[ops]") {
  const Backend backend = bodiless_backend();
  Context context(backend, DType::f32, 1);
  const std::vector<float> values{0.0f, -0.0f, std::numeric_limits<float>::quiet_NaN()}, ones(3, 1.0f);
  const Tensors<1> in{Tensor::of<float>({3}, values)}, out{Tensor::owning({3}, DType::f32)};
  const Grads<1> grads{Grad{Tensor::owning({3}, DType::f32), GradMode::overwrite}};
  Relu::Saved saved;
  const Body<Relu> body = cpu_backend().body<Relu>();
  body.forward(context, Forward<Relu>{Relu{}, in, out, saved});
  body.backward(context, Backward<Relu>{Relu{}, in, out, saved, Tensors<1>{Tensor::of<float>({3}, ones)}, grads});
  CHECK(out[0].data<float>()[0] == 0.0f);
  CHECK(out[0].data<float>()[1] == 0.0f);
  CHECK(std::isnan(out[0].data<float>()[2]));
  CHECK(grads[0].value.data<float>()[0] == 0.0f);
}

}  // namespace
}  // namespace srwm::test
