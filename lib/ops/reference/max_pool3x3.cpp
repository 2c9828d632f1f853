#include "ops/max_pool3x3.h"

#include <cmath>

#include "ops/grad.h"
#include "ops/reference/nhwc.h"

namespace srwm {

OutputSpecs<MaxPool3x3::outputs> MaxPool3x3::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  const Shape& shape = in[x].shape();
  return {OutputSpec{{shape[0], (shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3]}, in[x].dtype()}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls visit(k, row, column) for the elements of window (h, w) inside the image, k = 3 r + s.
template <typename Real, typename Visit>
void for_each_inside(const Nhwc<Real>& x, std::int64_t h, std::int64_t w, const Visit& visit) {
  for (std::int64_t k = 0; k < 9; ++k) {
    const std::int64_t row = 2 * h + k / 3 - 1, column = 2 * w + k % 3 - 1;
    if (x.inside(row, column)) visit(k, row, column);
  }
}

template <typename Real>
void forward(Context& context, const Forward<MaxPool3x3>& f) {
  const Nhwc<Real> x(f.in[MaxPool3x3::x]), y(f.out[0]);
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  const Nhwc<std::uint8_t> winner(f.saved.winner);
  for_each_element(y, [&](std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
    bool any = false;
    for_each_inside(x, h, w, [&](std::int64_t k, std::int64_t row, std::int64_t column) {
      const Real value = x(n, row, column, c);
      if (any && !(value > y(n, h, w, c)) && !std::isnan(value)) return;  // a NaN wins, as in PyTorch
      any = true;
      y(n, h, w, c) = value;
      winner(n, h, w, c) = static_cast<std::uint8_t>(k);
    });
  });
}

template <typename Real>
void backward(Context&, const Backward<MaxPool3x3>& b) {
  const Grad& grad = b.dL_din[MaxPool3x3::x];
  if (sum_into<Real>(grad) == nullptr) return;
  const Nhwc<Real> dx(grad.value), dy(b.dL_dout[0]);
  const Nhwc<std::uint8_t> winner(b.saved.winner);
  for_each_element(dy, [&](std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
    const int k = winner(n, h, w, c);
    dx(n, 2 * h + k / 3 - 1, 2 * w + k % 3 - 1, c) += dy(n, h, w, c);
  });
}

}  // namespace

Body<MaxPool3x3> body_of(Tag<MaxPool3x3>, DType real) {
  return SRWM_REFERENCE_BODY(MaxPool3x3, real);
}

}  // namespace srwm::reference
