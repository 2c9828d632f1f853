#include "ops/channel_dropout.h"

#include "ops/reference/dropout_mask.h"
#include "ops/reference/nhwc.h"

namespace srwm {

OutputSpecs<ChannelDropout::outputs> ChannelDropout::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  if (!(p >= 0 && p < 1)) shape_error(name, "p", "a probability in [0, 1)", fmt::format("{}", p));
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// m / (1 - p), [N, C]
template <typename Real>
Tensor draw_factors(Context& context, const ChannelDropout& op, std::int64_t images, std::int64_t channels) {
  const DropoutMask<Real> mask(context, op.p, op.site);
  Tensor factors = context.empty({images, channels}, DTypeOf<Real>::value);
  for (std::int64_t i = 0; i < factors.numel(); ++i) {
    factors.data<Real>()[i] = mask.at(i / 4)[static_cast<std::size_t>(i % 4)];
  }
  return factors;
}

// y = x m / (1 - p)
template <typename Real>
void forward(Context& context, const Forward<ChannelDropout>& f) {
  const Nhwc<Real> x(f.in[ChannelDropout::x]);
  const Nhwc<Real> y(f.out[0]);
  f.saved.factors = draw_factors<Real>(context, f.op, x.N, x.C);
  const Real* factors = f.saved.factors.template data<Real>();
  for (std::int64_t n = 0; n < x.N; ++n) {
    for (std::int64_t p = 0; p < x.H * x.W; ++p) {
      for (std::int64_t c = 0; c < x.C; ++c) y(n, 0, p, c) = x(n, 0, p, c) * factors[n * x.C + c];
    }
  }
}

// dL/dx = dL/dy m / (1 - p)
template <typename Real>
void backward(Context&, const Backward<ChannelDropout>& b) {
  const Grad& grad = b.dL_din[ChannelDropout::x];
  if (!grad.wanted()) return;
  const Nhwc<Real> dy(b.dL_dout[0]);
  const Nhwc<Real> dx(grad.value);
  const Real* factors = b.saved.factors.data<Real>();
  for (std::int64_t n = 0; n < dy.N; ++n) {
    for (std::int64_t p = 0; p < dy.H * dy.W; ++p) {
      for (std::int64_t c = 0; c < dy.C; ++c) {
        put(dx(n, 0, p, c), grad.mode, static_cast<double>(dy(n, 0, p, c) * factors[n * dy.C + c]));
      }
    }
  }
}

}  // namespace

Body<ChannelDropout> body_of(Tag<ChannelDropout>, DType real) {
  return SRWM_REFERENCE_BODY(ChannelDropout, real);
}

}  // namespace srwm::reference
