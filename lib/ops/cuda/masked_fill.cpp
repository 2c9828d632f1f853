#include "ops/masked_fill.h"

#include "kernels/batch.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void apply(Context& context, const MaskedFill& op, const Tensor& from, const Tensor& to, bool accumulate) {
  masked_fill(stream_of(context), {.batch = to.dim(0),
                                   .n = to.numel() / to.dim(0),
                                   .x = from.data<float>(),
                                   .mask = op.mask.data<std::uint8_t>() + op.step,
                                   .stride = op.mask.dim(1),
                                   .y = to.data<float>(),
                                   .accumulate = accumulate});
}

void forward(Context& context, const Forward<MaskedFill>& f) {
  apply(context, f.op, f.in[MaskedFill::x], f.out[0], false);
}

void backward(Context& context, const Backward<MaskedFill>& g) {
  const Grad& grad = g.dL_din[MaskedFill::x];
  if (grad.wanted()) apply(context, g.op, g.dL_dout[0], grad.value, accumulates(grad));
}

}  // namespace

Body<MaskedFill> body_of(Tag<MaskedFill>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
