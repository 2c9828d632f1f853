#include "ops/linear.h"

#include "kernels/column_sums.h"
#include "ops/cuda/gemm.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<Linear>& f) {
  const Tensor &x = f.in[Linear::x], &weight = f.in[Linear::weight], &bias = f.in[Linear::bias], &y = f.out[0];
  const std::int64_t rows = rows_of(x), in = weight.dim(1), out = weight.dim(0);
  if (bias) copy_to_rows(stream_of(context), bias.data<float>(), y.data<float>(), rows, out);
  gemm(context, rows, out, in, {x.data<float>(), in}, {weight.data<float>(), in, true}, bias ? 1.0f : 0.0f,
       y.data<float>(), out);
}

void backward(Context& context, const Backward<Linear>& g) {
  const Tensor &x = g.in[Linear::x], &weight = g.in[Linear::weight], &dL_dy = g.dL_dout[0];
  const std::int64_t rows = rows_of(x), in = weight.dim(1), out = weight.dim(0);
  const Grad &dL_dx = g.dL_din[Linear::x], &dL_dweight = g.dL_din[Linear::weight], &dL_dbias = g.dL_din[Linear::bias];
  if (dL_dx.wanted()) {
    gemm(context, rows, in, out, {dL_dy.data<float>(), out}, {weight.data<float>(), in}, keep(dL_dx),
         dL_dx.value.data<float>(), in);
  }
  if (dL_dweight.wanted()) {
    gemm(context, out, in, rows, {dL_dy.data<float>(), out, true}, {x.data<float>(), in}, keep(dL_dweight),
         dL_dweight.value.data<float>(), in);
  }
  if (dL_dbias.wanted()) {
    const Tensor partial = context.empty({column_sum_slices(rows), out});
    column_sums(stream_of(context), dL_dy.data<float>(), rows, out, partial.data<float>(), dL_dbias.value.data<float>(),
                accumulates(dL_dbias));
  }
}

}  // namespace

Body<Linear> body_of(Tag<Linear>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
