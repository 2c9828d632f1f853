#include "ops/select_rows.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<SelectRows>& f) {
  const Tensor& y = f.out[0];
  select_rows(stream_of(context), f.in[SelectRows::x].data<float>(), f.op.rows.data<std::int32_t>(), y.data<float>(),
              y.dim(0), y.dim(1));
}

void backward(Context& context, const Backward<SelectRows>& g) {
  float* dL_dx = sum_into(context, g.dL_din[SelectRows::x]);
  if (dL_dx == nullptr) return;
  const Tensor& dL_dy = g.dL_dout[0];
  add_to_rows(stream_of(context), dL_dy.data<float>(), g.op.rows.data<std::int32_t>(), dL_dx, dL_dy.dim(0),
              dL_dy.dim(1));
}

}  // namespace

Body<SelectRows> body_of(Tag<SelectRows>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
