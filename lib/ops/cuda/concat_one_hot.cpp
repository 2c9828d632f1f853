#include "ops/concat_one_hot.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<ConcatOneHot>& f) {
  const Tensor& x = f.in[ConcatOneHot::x];
  concat_one_hot(stream_of(context), x.data<float>(), f.op.labels.data<std::int32_t>(), f.out[0].data<float>(),
                 x.dim(0), x.dim(1), f.op.classes);
}

void backward(Context& context, const Backward<ConcatOneHot>& g) {
  const Grad& grad = g.dL_din[ConcatOneHot::x];
  if (!grad.wanted()) return;
  concat_one_hot_backward(stream_of(context), g.dL_dout[0].data<float>(), grad.value.data<float>(), accumulates(grad),
                          grad.value.dim(0), grad.value.dim(1), g.op.classes);
}

}  // namespace

Body<ConcatOneHot> body_of(Tag<ConcatOneHot>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
