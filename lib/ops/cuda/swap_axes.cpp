#include "ops/swap_axes.h"

#include "kernels/batch.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<SwapAxes>& f) {
  const Tensor& x = f.in[SwapAxes::x];
  swap_axes(stream_of(context), x.data<float>(), f.out[0].data<float>(), false, x.dim(0), x.dim(1), x.dim(2));
}

void backward(Context& context, const Backward<SwapAxes>& g) {
  const Grad& grad = g.dL_din[SwapAxes::x];
  if (!grad.wanted()) return;
  const Tensor& dL_dy = g.dL_dout[0];
  swap_axes(stream_of(context), dL_dy.data<float>(), grad.value.data<float>(), accumulates(grad), dL_dy.dim(0),
            dL_dy.dim(1), dL_dy.dim(2));
}

}  // namespace

Body<SwapAxes> body_of(Tag<SwapAxes>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
