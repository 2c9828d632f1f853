// DeltaNet on the CPU: (sequence, head) pairs run on threads, the steps of one in vector code (delta_net_kernels.h).
// Head sizes without such code go to the reference loops.
#include "ops/delta_net.h"

#include "ops/cpu/delta_net_kernels.h"
#include "ops/cpu/slices.h"

namespace srwm::cpu {
namespace {

DeltaNetProblem problem(const DeltaNet& op, const Tensors<DeltaNet::inputs>& in, const DeltaNet::Saved& saved) {
  const Tensor &projected = in[DeltaNet::projected], &w_first = in[DeltaNet::w_first];
  DeltaNetProblem p;
  p.batch = projected.dim(0);
  p.steps = projected.dim(1);
  p.groups = w_first ? w_first.dim(0) : 1;
  p.heads = op.heads;
  p.d = static_cast<int>((projected.dim(2) / op.heads - 1) / 3);
  p.eps = static_cast<float>(op.eps);
  p.reset = op.reset.data<std::uint8_t>();
  p.projected = projected.data<float>();
  p.w_first = w_first.data<float>();
  p.saved_steps = saved.steps.data<float>();
  p.segments = saved.segments.data<float>();
  return p;
}

void forward(Context& ctx, const Forward<DeltaNet>& f) {
  DeltaNetProblem p = problem(f.op, f.in, f.saved);
  const DeltaNetLayout layout = delta_net_kernels().layout(p.d);
  if (layout.segment_steps == 0) return reference::body_of(Tag<DeltaNet>{}, DType::f32).forward(ctx, f);
  f.saved.steps = ctx.empty({p.heads, p.batch, p.steps, layout.record}, DType::f32);
  f.saved.segments = ctx.empty({p.heads, p.batch, (p.steps - 1) / layout.segment_steps, layout.matrix}, DType::f32);
  p.saved_steps = f.saved.steps.data<float>();
  p.segments = f.saved.segments.data<float>();
  float *y = f.out[DeltaNet::y].data<float>(), *w_last = f.out[DeltaNet::w_last].data<float>();
  for_each_with_scratch(ctx, p.batch * p.heads, layout.matrix, [&](std::int64_t pair, float* scratch) {
    delta_net_kernels().forward(p, pair % p.batch, pair / p.batch, scratch, y, w_last);
  });
}

void backward(Context& ctx, const Backward<DeltaNet>& b) {
  const DeltaNetProblem p = problem(b.op, b.in, b.saved);
  const DeltaNetLayout layout = delta_net_kernels().layout(p.d);
  if (layout.segment_steps == 0) return reference::body_of(Tag<DeltaNet>{}, DType::f32).backward(ctx, b);
  const Slices slices(p.batch, p.groups);
  const Grad &dL_dprojected = b.dL_din[DeltaNet::projected], &dL_dw_first = b.dL_din[DeltaNet::w_first];
  const bool direct = slices.per_group() == 1;  // a slice is a group: its sum is the gradient
  const Arena::Mark mark = ctx.arena().mark();
  Tensor sums = dL_dw_first.value;
  if (dL_dw_first.wanted() && !direct) sums = ctx.empty({slices.count(), p.heads, p.d, p.d}, DType::f32);

  DeltaNetGradients shared;
  shared.dL_dy = b.dL_dout[DeltaNet::y].data<float>();
  shared.dL_dw_last = b.dL_dout[DeltaNet::w_last].data<float>();
  if (dL_dprojected.wanted()) shared.dL_dprojected = dL_dprojected.value.data<float>();
  shared.add_to_dL_dprojected = dL_dprojected.mode == GradMode::accumulate;
  shared.add_to_dL_dw_first = direct && dL_dw_first.mode == GradMode::accumulate;
  for_each_with_scratch(ctx, slices.count() * p.heads, layout.scratch, [&](std::int64_t item, float* scratch) {
    const std::int64_t slice = item % slices.count(), head = item / slices.count();
    DeltaNetGradients grads = shared;
    if (dL_dw_first.wanted()) grads.dL_dw_first = sums.data<float>() + (slice * p.heads + head) * layout.matrix;
    delta_net_kernels().backward(p, {slices.begin(slice), slices.begin(slice + 1), head}, grads, scratch);
  });
  if (dL_dw_first.wanted() && !direct) sum_slices(ctx.threads(), sums, p.groups, slices.per_group(), dL_dw_first);
  ctx.arena().rewind(mark);
}

}  // namespace

Body<DeltaNet> body_of(Tag<DeltaNet>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
