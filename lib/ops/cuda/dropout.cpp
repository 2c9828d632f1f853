#include "ops/dropout.h"

#include <cmath>

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

DropoutMask mask_of(Context& context, const Dropout& op) {
  const RandomStep random = context.random(Stream::dropout);
  return {.key0 = random.key()[0],
          .key1 = random.key()[1],
          .stream = random.counter(0)[3],
          .step = context.device_random_step(),
          .site = op.site,
          .dropped_below = static_cast<std::uint32_t>(std::ldexp(op.p, 32)),
          .scale = static_cast<float>(1 / (1 - op.p))};
}

void forward(Context& context, const Forward<Dropout>& f) {
  const Tensor& x = f.in[Dropout::x];
  dropout(stream_of(context), mask_of(context, f.op), x.data<float>(), f.out[0].data<float>(), false, x.numel());
}

void backward(Context& context, const Backward<Dropout>& g) {
  const Grad& grad = g.dL_din[Dropout::x];
  if (!grad.wanted()) return;
  dropout(stream_of(context), mask_of(context, g.op), g.dL_dout[0].data<float>(), grad.value.data<float>(),
          accumulates(grad), grad.value.numel());
}

}  // namespace

Body<Dropout> body_of(Tag<Dropout>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
