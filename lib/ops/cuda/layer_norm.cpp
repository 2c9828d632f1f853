#include "ops/layer_norm.h"

#include "kernels/normalisation.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& ctx, const Forward<LayerNorm>& f) {
  const Tensor& x = f.in[LayerNorm::x];
  const std::int64_t rows = rows_of(x);
  f.saved.mean = ctx.empty({rows});
  f.saved.inv_std = ctx.empty({rows});
  layer_norm(stream_of(ctx), x.data<float>(), f.in[LayerNorm::gamma].data<float>(), f.in[LayerNorm::beta].data<float>(),
             static_cast<float>(f.op.eps), f.out[0].data<float>(), f.saved.mean.data<float>(),
             f.saved.inv_std.data<float>(), rows, x.dim(-1));
}

void backward(Context& ctx, const Backward<LayerNorm>& g) {
  const Tensor& x = g.in[LayerNorm::x];
  const std::int64_t rows = rows_of(x), width = x.dim(-1);
  const float *dL_dy = g.dL_dout[0].data<float>(), *mean = g.saved.mean.data<float>(),
              *inv_std = g.saved.inv_std.data<float>();
  const Grad &dL_dx = g.dL_din[LayerNorm::x], &dL_dgamma = g.dL_din[LayerNorm::gamma],
             &dL_dbeta = g.dL_din[LayerNorm::beta];
  if (dL_dx.wanted()) {
    layer_norm_backward(stream_of(ctx), x.data<float>(), g.in[LayerNorm::gamma].data<float>(), mean, inv_std, dL_dy,
                        dL_dx.value.data<float>(), accumulates(dL_dx), rows, width);
  }
  const Tensor partial = ctx.empty({column_sum_slices(rows), width});
  if (dL_dgamma.wanted()) {
    normalised_column_sums(stream_of(ctx), x.data<float>(), mean, inv_std, dL_dy, rows, width, partial.data<float>(),
                           dL_dgamma.value.data<float>(), accumulates(dL_dgamma));
  }
  if (dL_dbeta.wanted()) {
    column_sums(stream_of(ctx), dL_dy, rows, width, partial.data<float>(), dL_dbeta.value.data<float>(),
                accumulates(dL_dbeta));
  }
}

}  // namespace

Body<LayerNorm> body_of(Tag<LayerNorm>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
