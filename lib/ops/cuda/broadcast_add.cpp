#include "ops/broadcast_add.h"

#include "kernels/batch.h"
#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<BroadcastAdd>& f) {
  const Tensor &x = f.in[BroadcastAdd::x], &shared = f.in[BroadcastAdd::shared];
  broadcast_add(stream_of(context), x.data<float>(), shared.data<float>(), static_cast<float>(f.op.scale),
                f.out[0].data<float>(), x.dim(0), shared.numel());
}

void backward(Context& context, const Backward<BroadcastAdd>& g) {
  const float* dL_dy = g.dL_dout[0].data<float>();
  const Grad &dx = g.dL_din[BroadcastAdd::x], &dshared = g.dL_din[BroadcastAdd::shared];
  if (dx.wanted()) {
    copy_or_add(stream_of(context), dL_dy, dx.value.data<float>(), accumulates(dx), dx.value.numel());
  }
  if (dshared.wanted()) {
    broadcast_add_backward(stream_of(context), dL_dy, static_cast<float>(g.op.scale), dshared.value.data<float>(),
                           accumulates(dshared), g.out[0].dim(0), dshared.value.numel());
  }
}

}  // namespace

Body<BroadcastAdd> body_of(Tag<BroadcastAdd>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
