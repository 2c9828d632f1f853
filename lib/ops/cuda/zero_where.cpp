#include "ops/zero_where.h"

#include "kernels/batch.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void apply(Context& ctx, const ZeroWhere& op, const Tensor& from, const Tensor& to, bool accumulate) {
  zero_where(stream_of(ctx), {.batch = to.dim(0),
                              .n = to.numel() / to.dim(0),
                              .x = from.data<float>(),
                              .mask = op.mask.data<std::uint8_t>() + op.step,
                              .stride = op.mask.dim(1),
                              .y = to.data<float>(),
                              .accumulate = accumulate});
}

void forward(Context& ctx, const Forward<ZeroWhere>& f) {
  apply(ctx, f.op, f.in[ZeroWhere::x], f.out[0], false);
}

void backward(Context& ctx, const Backward<ZeroWhere>& g) {
  const Grad& grad = g.dL_din[ZeroWhere::x];
  if (grad.wanted()) apply(ctx, g.op, g.dL_dout[0], grad.value, accumulates(grad));
}

}  // namespace

Body<ZeroWhere> body_of(Tag<ZeroWhere>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
