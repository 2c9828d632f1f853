#include "ops/add.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<Add>& f) {
  const Tensor& y = f.out[0];
  add(stream_of(context), f.in[Add::a].data<float>(), f.in[Add::b].data<float>(), y.data<float>(), y.numel());
}

void backward(Context& context, const Backward<Add>& g) {
  const Tensor& dL_dy = g.dL_dout[0];
  for (const Grad& grad : g.dL_din) {
    if (!grad.wanted()) continue;
    copy_or_add(stream_of(context), dL_dy.data<float>(), grad.value.data<float>(), accumulates(grad), dL_dy.numel());
  }
}

}  // namespace

Body<Add> body_of(Tag<Add>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
