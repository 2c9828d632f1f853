#include "ops/linear_attention.h"

#include "kernels/linear_attention.h"
#include "ops/cuda/grad.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

FastWeightSizes sizes_of(const LinearAttention& op, const Tensors<LinearAttention::inputs>& in) {
  const Tensor &projected = in[LinearAttention::projected], &w_first = in[LinearAttention::w_first];
  return {static_cast<int>(projected.dim(0)), static_cast<int>(projected.dim(1)), static_cast<int>(op.heads),
          static_cast<int>(projected.dim(2) / (3 * op.heads)), w_first ? static_cast<int>(w_first.dim(0)) : 1};
}

void forward(Context& context, const Forward<LinearAttention>& f) {
  const FastWeightSizes n = sizes_of(f.op, f.in);
  f.saved.steps = context.empty({n.batch, n.heads, n.steps, linear_attention_record(n.d)});
  linear_attention_forward(stream_of(context), {.sizes = n,
                                                .eps = static_cast<float>(f.op.eps),
                                                .projected = f.in[LinearAttention::projected].data<float>(),
                                                .w_first = f.in[LinearAttention::w_first].data<float>(),
                                                .reset = f.op.reset.data<std::uint8_t>(),
                                                .y = f.out[LinearAttention::y].data<float>(),
                                                .w_last = f.out[LinearAttention::w_last].data<float>(),
                                                .steps = f.saved.steps.data<float>()});
}

void backward(Context& context, const Backward<LinearAttention>& g) {
  const FastWeightSizes n = sizes_of(g.op, g.in);
  const std::int64_t per_sequence = static_cast<std::int64_t>(n.heads) * n.d * n.d;
  const Grad &dL_dprojected = g.dL_din[LinearAttention::projected], &dL_dw_first = g.dL_din[LinearAttention::w_first];
  const ScratchScope scope(context);
  const Tensor each_first = context.empty({n.batch, per_sequence});
  const Tensor dL_dqueries = context.empty({n.batch, n.heads, n.steps, n.d});
  linear_attention_backward(stream_of(context),
                            {.sizes = n,
                             .reset = g.op.reset.data<std::uint8_t>(),
                             .projected = g.in[LinearAttention::projected].data<float>(),
                             .w_first = g.in[LinearAttention::w_first].data<float>(),
                             .steps = g.saved.steps.data<float>(),
                             .dL_dy = g.dL_dout[LinearAttention::y].data<float>(),
                             .dL_dw_last = g.dL_dout[LinearAttention::w_last].data<float>(),
                             .dL_dprojected = dL_dprojected.wanted() ? dL_dprojected.value.data<float>() : nullptr,
                             .accumulate = accumulates(dL_dprojected),
                             .dL_dqueries = dL_dqueries.data<float>(),
                             .dL_dw_first = each_first.data<float>()});
  if (!dL_dw_first.wanted()) return;
  add_groups(stream_of(context), each_first.data<float>(), n.batch, n.groups, per_sequence,
             dL_dw_first.value.data<float>(), accumulates(dL_dw_first));
}

}  // namespace

Body<LinearAttention> body_of(Tag<LinearAttention>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
