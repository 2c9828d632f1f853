#include "ops/head_linear.h"

#include "kernels/heads.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

HeadSizes sizes_of(const Tensor& x, const Tensor& w) {
  return {rows_of(x), static_cast<int>(w.dim(0)), static_cast<int>(w.dim(1)), static_cast<int>(w.dim(2))};
}

void forward(Context& context, const Forward<HeadLinear>& f) {
  const Tensor &x = f.in[HeadLinear::x], &w = f.in[HeadLinear::w];
  head_linear(stream_of(context), sizes_of(x, w), x.data<float>(), w.data<float>(), f.out[0].data<float>());
}

void backward(Context& context, const Backward<HeadLinear>& g) {
  const Tensor &x = g.in[HeadLinear::x], &w = g.in[HeadLinear::w];
  const HeadSizes n = sizes_of(x, w);
  const float* dL_dy = g.dL_dout[0].data<float>();
  if (const Grad& dx = g.dL_din[HeadLinear::x]; dx.wanted()) {
    head_linear_backward(stream_of(context), n, w.data<float>(), dL_dy, dx.value.data<float>(), accumulates(dx));
  }
  if (const Grad& dw = g.dL_din[HeadLinear::w]; dw.wanted()) {
    head_linear_weight_gradient(stream_of(context), n, x.data<float>(), dL_dy, dw.value.data<float>(), accumulates(dw));
  }
}

}  // namespace

Body<HeadLinear> body_of(Tag<HeadLinear>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
