// The bodies of the key-value memories on the CPU: (sequence, head) pairs run on threads, the steps of one in vector
// code (key_value_memory.h). Head sizes without such code go to the reference loops.
#pragma once

#include "ops/cpu/key_value_memory.h"
#include "ops/cpu/slices.h"

namespace srwm::cpu {

/// Of a Memory with a type Op, DeltaNet or LinearAttention, and functions kernels() and head_size(columns of projected
/// for one head).
template <typename Memory>
struct KeyValueBody {
  using Op = typename Memory::Op;
  static constexpr bool keeps_segments = requires(typename Op::Saved saved) { saved.segments; };

  static KeyValueProblem problem(const Op& op, const Tensors<Op::inputs>& in) {
    const Tensor &projected = in[Op::projected], &w_first = in[Op::w_first];
    KeyValueProblem p;
    p.batch = projected.dim(0);
    p.steps = projected.dim(1);
    p.groups = w_first ? w_first.dim(0) : 1;
    p.heads = op.heads;
    p.d = Memory::head_size(static_cast<int>(projected.dim(2) / op.heads));
    p.eps = static_cast<float>(op.eps);
    p.reset = op.reset.template data<std::uint8_t>();
    p.projected = projected.data<float>();
    p.w_first = w_first.data<float>();
    return p;
  }

  static void use(const typename Op::Saved& saved, KeyValueProblem& p) {
    p.saved_steps = saved.steps.template data<float>();
    if constexpr (keeps_segments) p.segments = saved.segments.template data<float>();
  }

  static void forward(Context& context, const Forward<Op>& f) {
    KeyValueProblem p = problem(f.op, f.in);
    const KeyValueLayout layout = Memory::kernels().layout(p.d);
    if (layout.record == 0) return reference::body_of(Tag<Op>{}, DType::f32).forward(context, f);
    f.saved.steps = context.empty({p.heads, p.batch, p.steps, layout.record}, DType::f32);
    if constexpr (keeps_segments) {
      const std::int64_t segments = (p.steps - 1) / layout.segment_steps;
      f.saved.segments = context.empty({p.heads, p.batch, segments, layout.matrix}, DType::f32);
    }
    use(f.saved, p);
    float *y = f.out[Op::y].template data<float>(), *w_last = f.out[Op::w_last].template data<float>();
    for_each_with_scratch(context, p.batch * p.heads, layout.matrix, [&](std::int64_t pair, float* scratch) {
      Memory::kernels().forward(p, pair % p.batch, pair / p.batch, scratch, y, w_last);
    });
  }

  static void backward(Context& context, const Backward<Op>& b) {
    KeyValueProblem p = problem(b.op, b.in);
    const KeyValueLayout layout = Memory::kernels().layout(p.d);
    if (layout.record == 0) return reference::body_of(Tag<Op>{}, DType::f32).backward(context, b);
    use(b.saved, p);
    const Slices slices(p.batch, p.groups);
    const Grad &dL_dprojected = b.dL_din[Op::projected], &dL_dw_first = b.dL_din[Op::w_first];
    const bool direct = slices.per_group() == 1;  // a slice is a group: its sum is the gradient
    const Arena::Mark mark = context.arena().mark();
    Tensor sums = dL_dw_first.value;
    if (dL_dw_first.wanted() && !direct) sums = context.empty({slices.count(), p.heads, p.d, p.d}, DType::f32);

    KeyValueGradients shared;
    shared.dL_dy = b.dL_dout[Op::y].template data<float>();
    shared.dL_dw_last = b.dL_dout[Op::w_last].template data<float>();
    if (dL_dprojected.wanted()) shared.dL_dprojected = dL_dprojected.value.template data<float>();
    shared.add_to_dL_dprojected = dL_dprojected.mode == GradMode::accumulate;
    shared.add_to_dL_dw_first = direct && dL_dw_first.mode == GradMode::accumulate;
    for_each_with_scratch(context, slices.count() * p.heads, layout.scratch, [&](std::int64_t item, float* scratch) {
      const std::int64_t slice = item % slices.count(), head = item / slices.count();
      KeyValueGradients grads = shared;
      if (dL_dw_first.wanted()) grads.dL_dw_first = sums.data<float>() + (slice * p.heads + head) * layout.matrix;
      Memory::kernels().backward(p, {slices.begin(slice), slices.begin(slice + 1), head}, grads, scratch);
    });
    if (dL_dw_first.wanted() && !direct) sum_slices(context.threads(), sums, p.groups, slices.per_group(), dL_dw_first);
    context.arena().rewind(mark);
  }
};

}  // namespace srwm::cpu
