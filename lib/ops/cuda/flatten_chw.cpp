#include "ops/flatten_chw.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<FlattenChw>& f) {
  const Tensor& x = f.in[FlattenChw::x];
  to_channels_first(stream_of(context), x.data<float>(), f.out[0].data<float>(), x.dim(0), x.dim(1) * x.dim(2),
                    x.dim(3));
}

void backward(Context& context, const Backward<FlattenChw>& g) {
  const Grad& grad = g.dL_din[FlattenChw::x];
  if (!grad.wanted()) return;
  const Tensor& dL_dx = grad.value;
  to_channels_last(stream_of(context), g.dL_dout[0].data<float>(), dL_dx.data<float>(), accumulates(grad), dL_dx.dim(0),
                   dL_dx.dim(1) * dL_dx.dim(2), dL_dx.dim(3));
}

}  // namespace

Body<FlattenChw> body_of(Tag<FlattenChw>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
