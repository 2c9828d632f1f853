#include "ops/layer_norm.h"

#include "kernels/column_sums.h"
#include "kernels/layer_norm.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<LayerNorm>& f) {
  const Tensor& x = f.in[LayerNorm::x];
  const std::int64_t rows = rows_of(x);
  f.saved.mean = context.empty({rows});
  f.saved.inv_std = context.empty({rows});
  layer_norm(stream_of(context), {.rows = rows,
                                  .width = x.dim(-1),
                                  .x = x.data<float>(),
                                  .gamma = f.in[LayerNorm::gamma].data<float>(),
                                  .beta = f.in[LayerNorm::beta].data<float>(),
                                  .eps = static_cast<float>(f.op.eps),
                                  .y = f.out[0].data<float>(),
                                  .mean = f.saved.mean.data<float>(),
                                  .inv_std = f.saved.inv_std.data<float>()});
}

void backward(Context& context, const Backward<LayerNorm>& g) {
  const Tensor& x = g.in[LayerNorm::x];
  const std::int64_t rows = rows_of(x), width = x.dim(-1);
  const float *dL_dy = g.dL_dout[0].data<float>(), *mean = g.saved.mean.data<float>(),
              *inv_std = g.saved.inv_std.data<float>();
  const Grad &dL_dx = g.dL_din[LayerNorm::x], &dL_dgamma = g.dL_din[LayerNorm::gamma],
             &dL_dbeta = g.dL_din[LayerNorm::beta];
  if (dL_dx.wanted()) {
    layer_norm_backward(stream_of(context), {.rows = rows,
                                             .width = width,
                                             .x = x.data<float>(),
                                             .dL_dy = dL_dy,
                                             .gamma = g.in[LayerNorm::gamma].data<float>(),
                                             .mean = mean,
                                             .inv_std = inv_std,
                                             .dL_dx = dL_dx.value.data<float>(),
                                             .accumulate = accumulates(dL_dx)});
  }
  const Tensor partial = context.empty({column_sum_slices(rows), width});
  if (dL_dgamma.wanted()) {
    normalized_column_sums(stream_of(context), {.rows = rows,
                                                .width = width,
                                                .x = x.data<float>(),
                                                .dL_dy = dL_dy,
                                                .mean = mean,
                                                .inv_std = inv_std,
                                                .partial = partial.data<float>(),
                                                .out = dL_dgamma.value.data<float>(),
                                                .accumulate = accumulates(dL_dgamma)});
  }
  if (dL_dbeta.wanted()) {
    column_sums(stream_of(context), dL_dy, rows, width, partial.data<float>(), dL_dbeta.value.data<float>(),
                accumulates(dL_dbeta));
  }
}

}  // namespace

Body<LayerNorm> body_of(Tag<LayerNorm>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
