#include "ops/global_avg_pool.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<GlobalAvgPool>& f) {
  const Tensor& x = f.in[GlobalAvgPool::x];
  mean_over_pixels(stream_of(context), x.data<float>(), f.out[0].data<float>(), x.dim(0), x.dim(1) * x.dim(2),
                   x.dim(3));
}

void backward(Context& context, const Backward<GlobalAvgPool>& b) {
  const Grad& grad = b.dL_din[GlobalAvgPool::x];
  if (!grad.wanted()) return;
  const Tensor& dL_dx = grad.value;
  mean_over_pixels_backward(stream_of(context), b.dL_dout[0].data<float>(), dL_dx.data<float>(), accumulates(grad),
                            dL_dx.dim(0), dL_dx.dim(1) * dL_dx.dim(2), dL_dx.dim(3));
}

}  // namespace

Body<GlobalAvgPool> body_of(Tag<GlobalAvgPool>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
