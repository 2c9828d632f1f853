#include "ops/channel_dropout.h"

#include "core/parallel.h"
#include "ops/cpu/channel_kernels.h"
#include "ops/dropout.h"

namespace srwm::cpu {
namespace {

/// m / (1 - p), [N, C]: what dropout makes of ones.
Tensor draw_factors(Context& context, const ChannelDropout& op, std::int64_t images, std::int64_t channels) {
  const Tensor ones = context.full({images, channels}, 1);
  Tensor factors = context.empty({images, channels}, DType::f32);
  Dropout::Saved nothing;
  body_of(Tag<Dropout>{}).forward(context, {Dropout{.p = op.p, .site = op.site}, {ones}, {factors}, nothing});
  return factors;
}

/// to = from m / (1 - p), or added to it; all [N, H, W, C].
void apply(const Context& context, const Tensor& factors, const Tensor& from, const Tensor& to, bool accumulate) {
  const std::int64_t images = from.dim(0), channels = from.dim(3), pixels = from.dim(1) * from.dim(2);
  parallel_for(context.threads(), images, [&](std::int64_t n) {
    const std::int64_t at = n * pixels * channels;
    channel_kernels().scale(to.data<float>() + at, from.data<float>() + at, factors.data<float>() + n * channels,
                            pixels, channels, accumulate);
  });
}

void forward(Context& context, const Forward<ChannelDropout>& f) {
  const Tensor& x = f.in[ChannelDropout::x];
  f.saved.factors = draw_factors(context, f.op, x.dim(0), x.dim(3));
  apply(context, f.saved.factors, x, f.out[0], false);
}

void backward(Context& context, const Backward<ChannelDropout>& b) {
  const Grad& grad = b.dL_din[ChannelDropout::x];
  if (grad.wanted()) apply(context, b.saved.factors, b.dL_dout[0], grad.value, grad.mode == GradMode::accumulate);
}

}  // namespace

Body<ChannelDropout> body_of(Tag<ChannelDropout>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
