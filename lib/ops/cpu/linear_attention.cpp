// The additive fast-weight memory on the CPU: (sequence, head) pairs run on threads, the steps of one in vector code
// (linear_attention_kernels.h). Head sizes without such code go to the reference loops.
#include "ops/linear_attention.h"

#include "ops/cpu/linear_attention_kernels.h"
#include "ops/cpu/slices.h"

namespace srwm::cpu {
namespace {

LinearAttentionProblem problem(const LinearAttention& op, const Tensors<LinearAttention::inputs>& in) {
  const Tensor &projected = in[LinearAttention::projected], &w_first = in[LinearAttention::w_first];
  LinearAttentionProblem p;
  p.batch = projected.dim(0);
  p.steps = projected.dim(1);
  p.groups = w_first ? w_first.dim(0) : 1;
  p.heads = op.heads;
  p.d = static_cast<int>(projected.dim(2) / (3 * op.heads));
  p.eps = static_cast<float>(op.eps);
  p.reset = op.reset.data<std::uint8_t>();
  p.projected = projected.data<float>();
  p.w_first = w_first.data<float>();
  return p;
}

void forward(Context& ctx, const Forward<LinearAttention>& f) {
  LinearAttentionProblem p = problem(f.op, f.in);
  const LinearAttentionLayout layout = linear_attention_kernels().layout(p.d);
  if (layout.record == 0) return reference::body_of(Tag<LinearAttention>{}, DType::f32).forward(ctx, f);
  f.saved.steps = ctx.empty({p.heads, p.batch, p.steps, layout.record}, DType::f32);
  p.saved_steps = f.saved.steps.data<float>();
  float *y = f.out[LinearAttention::y].data<float>(), *w_last = f.out[LinearAttention::w_last].data<float>();
  for_each_with_scratch(ctx, p.batch * p.heads, layout.scratch, [&](std::int64_t pair, float* scratch) {
    linear_attention_kernels().forward(p, pair % p.batch, pair / p.batch, scratch, y, w_last);
  });
}

void backward(Context& ctx, const Backward<LinearAttention>& b) {
  LinearAttentionProblem p = problem(b.op, b.in);
  const LinearAttentionLayout layout = linear_attention_kernels().layout(p.d);
  if (layout.record == 0) return reference::body_of(Tag<LinearAttention>{}, DType::f32).backward(ctx, b);
  p.saved_steps = b.saved.steps.data<float>();
  const Slices slices(p.batch, p.groups);
  const Grad &dL_dprojected = b.dL_din[LinearAttention::projected], &dL_dw_first = b.dL_din[LinearAttention::w_first];
  const bool direct = slices.per_group() == 1;  // a slice is a group: its sum is the gradient
  const Arena::Mark mark = ctx.arena().mark();
  Tensor sums = dL_dw_first.value;
  if (dL_dw_first.wanted() && !direct) sums = ctx.empty({slices.count(), p.heads, p.d, p.d}, DType::f32);

  LinearAttentionGradients shared;
  shared.dL_dy = b.dL_dout[LinearAttention::y].data<float>();
  shared.dL_dw_last = b.dL_dout[LinearAttention::w_last].data<float>();
  if (dL_dprojected.wanted()) shared.dL_dprojected = dL_dprojected.value.data<float>();
  shared.add_to_dL_dprojected = dL_dprojected.mode == GradMode::accumulate;
  shared.add_to_dL_dw_first = direct && dL_dw_first.mode == GradMode::accumulate;
  for_each_with_scratch(ctx, slices.count() * p.heads, layout.scratch, [&](std::int64_t item, float* scratch) {
    const std::int64_t slice = item % slices.count(), head = item / slices.count();
    LinearAttentionGradients grads = shared;
    if (dL_dw_first.wanted()) grads.dL_dw_first = sums.data<float>() + (slice * p.heads + head) * p.d * p.d;
    linear_attention_kernels().backward(p, {slices.begin(slice), slices.begin(slice + 1), head}, grads, scratch);
  });
  if (dL_dw_first.wanted() && !direct) sum_slices(ctx.threads(), sums, p.groups, slices.per_group(), dL_dw_first);
  ctx.arena().rewind(mark);
}

}  // namespace

Body<LinearAttention> body_of(Tag<LinearAttention>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
