// Causal softmax attention on the CPU: (sequence, head) pairs run on threads, the steps of one in vector code
// (softmax_attention_kernels.h). The weights are not kept: backward makes them again from the logarithms of their sums.
#include "ops/softmax_attention.h"

#include "ops/cpu/slices.h"
#include "ops/cpu/softmax_attention_kernels.h"
#include "ops/scratch.h"

namespace srwm::cpu {
namespace {

SoftmaxAttentionProblem problem(const SoftmaxAttention& op, const Tensors<SoftmaxAttention::inputs>& in,
                                const Tensor& memory, const SoftmaxAttention::Saved& saved) {
  const Tensor &projected = in[SoftmaxAttention::projected], &past = in[SoftmaxAttention::past];
  SoftmaxAttentionProblem p;
  p.batch = projected.dim(0);
  p.steps = projected.dim(1);
  p.heads = op.heads;
  p.d = projected.dim(2) / (3 * op.heads);
  p.past_steps = past ? past.dim(1) : 0;
  p.groups = past ? past.dim(0) : 1;
  p.reset = op.reset.data<std::uint8_t>();
  p.projected = projected.data<float>();
  p.past = past.data<float>();
  p.memory = memory.data<float>();
  p.log_sums = saved.weights.data<float>();
  return p;
}

void forward(Context& context, const Forward<SoftmaxAttention>& f) {
  const Tensor &projected = f.in[SoftmaxAttention::projected], &memory = f.out[SoftmaxAttention::memory];
  f.saved.weights = context.empty({projected.dim(0), f.op.heads, projected.dim(1)}, DType::f32);
  const SoftmaxAttentionProblem p = problem(f.op, f.in, memory, f.saved);
  const SoftmaxAttentionKernels& kernels = softmax_attention_kernels();
  float* y = f.out[SoftmaxAttention::y].data<float>();
  for_each_with_scratch(context, p.batch * p.heads, kernels.forward_scratch(p), [&](std::int64_t pair, float* scratch) {
    kernels.forward(p, pair / p.heads, pair % p.heads, scratch, y);
  });
}

void backward(Context& context, const Backward<SoftmaxAttention>& b) {
  const SoftmaxAttentionProblem p = problem(b.op, b.in, b.out[SoftmaxAttention::memory], b.saved);
  const SoftmaxAttentionKernels& kernels = softmax_attention_kernels();
  const Slices slices(p.batch, p.groups);
  const Grad &dL_dprojected = b.dL_din[SoftmaxAttention::projected], &dL_dpast = b.dL_din[SoftmaxAttention::past];
  const ScratchScope scope(context);
  const std::int64_t row = 2 * p.heads * p.d + 1;
  const Tensor sums = dL_dpast.wanted() ? context.zeros({slices.count(), p.past_steps, row}, DType::f32) : Tensor();

  SoftmaxAttentionGradients shared;
  shared.y = b.out[SoftmaxAttention::y].data<float>();
  shared.dL_dy = b.dL_dout[SoftmaxAttention::y].data<float>();
  shared.dL_dmemory = b.dL_dout[SoftmaxAttention::memory].data<float>();
  if (dL_dprojected.wanted()) shared.dL_dprojected = dL_dprojected.value.data<float>();
  shared.add_to_dL_dprojected = dL_dprojected.mode == GradMode::accumulate;
  const std::int64_t items = slices.count() * p.heads;
  for_each_with_scratch(context, items, kernels.backward_scratch(p), [&](std::int64_t item, float* scratch) {
    const std::int64_t slice = item / p.heads, head = item % p.heads;
    SoftmaxAttentionGradients grads = shared;
    if (sums) grads.dL_dpast = sums.data<float>() + slice * p.past_steps * row;
    kernels.backward(p, {slices.begin(slice), slices.begin(slice + 1), head}, grads, scratch);
  });
  if (sums) sum_slices(context.threads(), sums, p.groups, slices.per_group(), dL_dpast);
}

}  // namespace

Body<SoftmaxAttention> body_of(Tag<SoftmaxAttention>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
