#include "ops/append_column.h"

#include "kernels/batch.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<AppendColumn>& f) {
  const Tensor& x = f.in[AppendColumn::x];
  append_column(stream_of(context), x.data<float>(), f.op.column.data<float>(), static_cast<float>(f.op.limit),
                f.out[0].data<float>(), x.dim(0), x.dim(1));
}

void backward(Context& context, const Backward<AppendColumn>& g) {
  const Grad& grad = g.dL_din[AppendColumn::x];
  if (!grad.wanted()) return;
  append_column_backward(stream_of(context), g.dL_dout[0].data<float>(), grad.value.data<float>(), accumulates(grad),
                         grad.value.dim(0), grad.value.dim(1));
}

}  // namespace

Body<AppendColumn> body_of(Tag<AppendColumn>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
