// The SRWM on the CPU: (sequence, head) pairs run on threads, the steps of one in vector code (srwm_kernels.h). Head
// sizes without such code, and matrices with more or fewer outputs than inputs, go to the reference loops.
#include "ops/srwm.h"

#include "ops/cpu/slices.h"
#include "ops/cpu/srwm_kernels.h"

namespace srwm::cpu {
namespace {

SrwmProblem problem(const Srwm& op, const Tensors<Srwm::inputs>& in, const Srwm::Saved& saved) {
  SrwmProblem p;
  p.batch = in[Srwm::x].dim(0);
  p.steps = in[Srwm::x].dim(1);
  p.groups = in[Srwm::w_first].dim(0);
  p.heads = in[Srwm::w_first].dim(1);
  p.d = static_cast<int>(in[Srwm::w_first].dim(2));
  p.input_softmax = op.input_softmax;
  p.reset = op.reset.data<std::uint8_t>();
  p.x = in[Srwm::x].data<float>();
  p.w_first = in[Srwm::w_first].data<float>();
  p.w_reset = in[Srwm::w_reset].data<float>();
  p.saved_steps = saved.steps.data<float>();
  p.segments = saved.segments.data<float>();
  return p;
}

SrwmLayout layout_for(const Srwm& op, const Tensors<Srwm::inputs>& in) {
  const Tensor& w = in[Srwm::w_first];
  if (w.dim(3) != 3 * w.dim(2) + 4) return {};
  return srwm_kernels().layout(static_cast<int>(w.dim(2)), op.input_softmax);
}

void forward(Context& context, const Forward<Srwm>& f) {
  const SrwmLayout layout = layout_for(f.op, f.in);
  if (layout.segment_steps == 0) return reference::body_of(Tag<Srwm>{}, DType::f32).forward(context, f);
  SrwmProblem p = problem(f.op, f.in, f.saved);
  f.saved.steps = context.empty({p.heads, p.batch, p.steps, layout.record}, DType::f32);
  f.saved.segments = context.empty({p.heads, p.batch, (p.steps - 1) / layout.segment_steps, layout.matrix}, DType::f32);
  p.saved_steps = f.saved.steps.data<float>();
  p.segments = f.saved.segments.data<float>();
  float *y = f.out[Srwm::y].data<float>(), *w_last = f.out[Srwm::w_last].data<float>();
  for_each_with_scratch(context, p.batch * p.heads, layout.matrix, [&](std::int64_t pair, float* scratch) {
    srwm_kernels().forward(p, pair % p.batch, pair / p.batch, scratch, y, w_last);
  });
}

/// One head's part of a [n, h, d, 3d+4] tensor.
float* matrix_of(const Tensor& tensor, std::int64_t n, std::int64_t head) {
  return tensor.data<float>() + (n * tensor.dim(1) + head) * tensor.dim(2) * tensor.dim(3);
}

void backward(Context& context, const Backward<Srwm>& b) {
  const SrwmLayout layout = layout_for(b.op, b.in);
  if (layout.segment_steps == 0) return reference::body_of(Tag<Srwm>{}, DType::f32).backward(context, b);
  const SrwmProblem p = problem(b.op, b.in, b.saved);
  const Slices slices(p.batch, p.groups);
  const Grad &dL_dx = b.dL_din[Srwm::x], &dL_dw_first = b.dL_din[Srwm::w_first];
  const Grad& dL_dw_reset = b.dL_din[Srwm::w_reset];
  const bool direct = slices.per_group() == 1;  // a slice is a group: its sum is the gradient
  const Shape partial{slices.count(), p.heads, p.d, 3 * p.d + 4};
  const Arena::Mark mark = context.arena().mark();
  const Tensor first_partial = dL_dw_first.wanted() && !direct ? context.empty(partial, DType::f32) : Tensor();
  const Tensor reset_partial = dL_dw_reset.wanted() ? context.empty(partial, DType::f32) : Tensor();

  SrwmGradients shared;
  shared.dL_dy = b.dL_dout[Srwm::y].data<float>();
  shared.dL_dw_last = b.dL_dout[Srwm::w_last].data<float>();
  if (dL_dx.wanted()) shared.dL_dx = dL_dx.value.data<float>();
  shared.add_to_dL_dx = dL_dx.mode == GradMode::accumulate;
  shared.add_to_dL_dw_first = direct && dL_dw_first.mode == GradMode::accumulate;
  for_each_with_scratch(context, slices.count() * p.heads, layout.scratch, [&](std::int64_t item, float* scratch) {
    const std::int64_t slice = item % slices.count(), head = item / slices.count();
    SrwmGradients grads = shared;
    if (dL_dw_first.wanted()) grads.dL_dw_first = matrix_of(direct ? dL_dw_first.value : first_partial, slice, head);
    if (reset_partial) grads.dL_dw_reset = matrix_of(reset_partial, slice, head);
    srwm_kernels().backward(p, {slices.begin(slice), slices.begin(slice + 1), head}, grads, scratch);
  });
  if (first_partial) sum_slices(context.threads(), first_partial, p.groups, slices.per_group(), dL_dw_first);
  if (reset_partial) sum_slices(context.threads(), reset_partial, 1, slices.count(), dL_dw_reset);
  context.arena().rewind(mark);
}

}  // namespace

Body<Srwm> body_of(Tag<Srwm>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
