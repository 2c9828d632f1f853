#include "ops/max_pool2x2.h"

#include <cmath>

#include "ops/reference/nhwc.h"

namespace srwm {

OutputSpecs<MaxPool2x2::outputs> MaxPool2x2::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const Shape& shape = in[x].shape();
  if (shape[1] < 2 || shape[2] < 2) {
    shape_error(name, "x", "[N, H, W, C] with H and W of at least 2", shape.to_string());
  }
  return {OutputSpec{{shape[0], shape[1] / 2, shape[2] / 2, shape[3]}, in[x].dtype()}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

template <typename Real>
void forward(Context& context, const Forward<MaxPool2x2>& f) {
  const Nhwc<Real> x(f.in[MaxPool2x2::x]), y(f.out[0]);
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  const Nhwc<std::uint8_t> winner(f.saved.winner);
  for_each_element(y, [&](std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
    int best = 0;
    Real largest = x(n, 2 * h, 2 * w, c);
    for (int k = 1; k < 4; ++k) {
      const Real value = x(n, 2 * h + k / 2, 2 * w + k % 2, c);
      if (value > largest || std::isnan(value)) {  // a NaN wins, as in PyTorch
        largest = value;
        best = k;
      }
    }
    y(n, h, w, c) = largest;
    winner(n, h, w, c) = static_cast<std::uint8_t>(best);
  });
}

template <typename Real>
void backward(Context&, const Backward<MaxPool2x2>& b) {
  const Grad& grad = b.dL_din[MaxPool2x2::x];
  if (!grad.wanted()) return;
  const Nhwc<Real> dx(grad.value), dy(b.dL_dout[0]);
  const Nhwc<std::uint8_t> winner(b.saved.winner);
  for_each_element(dx, [&](std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
    const bool pooled = h / 2 < dy.H && w / 2 < dy.W;
    const bool won = pooled && winner(n, h / 2, w / 2, c) == 2 * (h % 2) + w % 2;
    put(dx(n, h, w, c), grad.mode, won ? static_cast<double>(dy(n, h / 2, w / 2, c)) : 0.0);
  });
}

}  // namespace

Body<MaxPool2x2> body_of(Tag<MaxPool2x2>, DType real) {
  return SRWM_REFERENCE_BODY(MaxPool2x2, real);
}

}  // namespace srwm::reference
