#include "ops/channel_dropout.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"
#include "ops/dropout.h"

namespace srwm::cuda {
namespace {

/// m / (1 - p), [N, C]: what dropout makes of ones.
Tensor draw_factors(Context& context, const ChannelDropout& op, std::int64_t images, std::int64_t channels) {
  const Tensor ones = context.empty({images, channels});
  Tensor factors = context.empty({images, channels});
  fill(stream_of(context), ones.data<float>(), 1, ones.numel());
  Dropout::Saved nothing;
  body_of(Tag<Dropout>{}).forward(context, {Dropout{.p = op.p, .site = op.site}, {ones}, {factors}, nothing});
  return factors;
}

/// to (+)= from m / (1 - p), all [N, H, W, C].
void apply(Context& context, const Tensor& factors, const Tensor& from, const Tensor& to, bool accumulate) {
  scale_channels(stream_of(context), {.images = from.dim(0),
                                      .pixels = from.dim(1) * from.dim(2),
                                      .channels = from.dim(3),
                                      .from = from.data<float>(),
                                      .factors = factors.data<float>(),
                                      .to = to.data<float>(),
                                      .accumulate = accumulate});
}

void forward(Context& context, const Forward<ChannelDropout>& f) {
  const Tensor& x = f.in[ChannelDropout::x];
  f.saved.factors = draw_factors(context, f.op, x.dim(0), x.dim(3));
  apply(context, f.saved.factors, x, f.out[0], false);
}

void backward(Context& context, const Backward<ChannelDropout>& b) {
  const Grad& grad = b.dL_din[ChannelDropout::x];
  if (grad.wanted()) apply(context, b.saved.factors, b.dL_dout[0], grad.value, accumulates(grad));
}

}  // namespace

Body<ChannelDropout> body_of(Tag<ChannelDropout>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
