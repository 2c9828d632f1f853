#include "ops/softmax_attention.h"

#include "kernels/softmax_attention.h"
#include "ops/cuda/grad.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

SoftmaxAttentionTensors tensors_of(const SoftmaxAttention& op, const Tensors<SoftmaxAttention::inputs>& in,
                                   const Tensors<SoftmaxAttention::outputs>& out,
                                   const SoftmaxAttention::Saved& saved) {
  const Tensor &projected = in[SoftmaxAttention::projected], &past = in[SoftmaxAttention::past];
  return {.sizes = {static_cast<int>(projected.dim(0)), static_cast<int>(projected.dim(1)), static_cast<int>(op.heads),
                    static_cast<int>(projected.dim(2) / (3 * op.heads)), past ? static_cast<int>(past.dim(0)) : 1,
                    past ? static_cast<int>(past.dim(1)) : 0},
          .projected = projected.data<float>(),
          .past = past.data<float>(),
          .reset = op.reset.data<std::uint8_t>(),
          .y = out[SoftmaxAttention::y].data<float>(),
          .memory = out[SoftmaxAttention::memory].data<float>(),
          .first_seen = saved.first_seen.data<std::int32_t>(),
          .log_sums = saved.weights.data<float>()};
}

void forward(Context& context, const Forward<SoftmaxAttention>& f) {
  const Tensor& projected = f.in[SoftmaxAttention::projected];
  f.saved.weights = context.empty({projected.dim(0), f.op.heads, projected.dim(1)});
  f.saved.first_seen = context.empty({projected.dim(0), projected.dim(1)}, DType::i32);
  softmax_attention_forward(stream_of(context), tensors_of(f.op, f.in, f.out, f.saved));
}

void backward(Context& context, const Backward<SoftmaxAttention>& g) {
  const Grad &dL_dprojected = g.dL_din[SoftmaxAttention::projected], &dL_dpast = g.dL_din[SoftmaxAttention::past];
  const SoftmaxAttentionTensors p = tensors_of(g.op, g.in, g.out, g.saved);
  const AttentionSizes& n = p.sizes;
  const std::int64_t per_sequence = n.past * (2 * static_cast<std::int64_t>(n.heads) * n.d + 1);
  const ScratchScope scope(context);
  const Tensor along = context.empty({n.batch, n.heads, n.steps});
  const Tensor each_past = dL_dpast.wanted() ? context.zeros({n.batch, per_sequence}) : Tensor();
  softmax_attention_backward(stream_of(context),
                             {.forward = p,
                              .dL_dy = g.dL_dout[SoftmaxAttention::y].data<float>(),
                              .dL_dmemory = g.dL_dout[SoftmaxAttention::memory].data<float>(),
                              .dL_dprojected = dL_dprojected.wanted() ? dL_dprojected.value.data<float>() : nullptr,
                              .accumulate = accumulates(dL_dprojected),
                              .along = along.data<float>(),
                              .dL_dpast = each_past.data<float>()});
  if (!dL_dpast.wanted()) return;
  add_groups(stream_of(context), each_past.data<float>(), n.batch, n.groups, per_sequence, dL_dpast.value.data<float>(),
             accumulates(dL_dpast));
}

}  // namespace

Body<SoftmaxAttention> body_of(Tag<SoftmaxAttention>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
