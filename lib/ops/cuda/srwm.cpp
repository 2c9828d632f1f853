#include "ops/srwm.h"

#include "kernels/srwm.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

FastWeightSizes sizes_of(const Tensors<Srwm::inputs>& in) {
  const Tensor &x = in[Srwm::x], &w = in[Srwm::w_first];
  return {static_cast<int>(x.dim(0)), static_cast<int>(x.dim(1)), static_cast<int>(w.dim(1)),
          static_cast<int>(w.dim(2)), static_cast<int>(w.dim(0))};
}

/// Outputs per head.
int outs_of(const Tensors<Srwm::inputs>& in) {
  const Tensor& w = in[Srwm::w_first];
  return static_cast<int>(w.dim(3) - 2 * w.dim(2) - 4);
}

/// [B, h, count, d, rows], absent for none.
Tensor matrices(Context& context, const FastWeightSizes& n, int out_dim, std::int64_t count) {
  return count == 0 ? Tensor() : context.empty({n.batch, n.heads, count, n.d, srwm_rows(n.d, out_dim)});
}

void forward(Context& context, const Forward<Srwm>& f) {
  const FastWeightSizes n = sizes_of(f.in);
  const int out_dim = outs_of(f.in);
  const bool keeps_before_reset = f.op.reset && srwm_in_registers(n.d, out_dim);
  f.saved.steps = context.empty({n.batch, n.heads, n.steps, srwm_record(n.d, out_dim, f.op.input_softmax)});
  f.saved.segments = matrices(context, n, out_dim, srwm_saved_matrices(n.d, out_dim, n.steps));
  f.saved.before_reset = matrices(context, n, out_dim, keeps_before_reset ? n.steps : 0);
  srwm_forward(stream_of(context), {.sizes = n,
                                    .out_dim = out_dim,
                                    .input_softmax = f.op.input_softmax,
                                    .x = f.in[Srwm::x].data<float>(),
                                    .w_first = f.in[Srwm::w_first].data<float>(),
                                    .w_reset = f.in[Srwm::w_reset].data<float>(),
                                    .reset = f.op.reset.data<std::uint8_t>(),
                                    .y = f.out[Srwm::y].data<float>(),
                                    .w_last = f.out[Srwm::w_last].data<float>(),
                                    .steps = f.saved.steps.data<float>(),
                                    .saved_w = f.saved.segments.data<float>(),
                                    .before_reset = f.saved.before_reset.data<float>()});
}

void backward(Context& context, const Backward<Srwm>& g) {
  const FastWeightSizes n = sizes_of(g.in);
  const int out_dim = outs_of(g.in);
  const std::int64_t per_sequence = static_cast<std::int64_t>(n.heads) * n.d * srwm_rows(n.d, out_dim);
  const Grad &dL_dx = g.dL_din[Srwm::x], &dL_dw_first = g.dL_din[Srwm::w_first], &dL_dw_reset = g.dL_din[Srwm::w_reset];
  const Tensor each_first = context.empty({n.batch, per_sequence});
  const Tensor each_reset = g.op.reset ? context.zeros({n.batch, per_sequence}) : Tensor();
  srwm_backward(stream_of(context), {.sizes = n,
                                     .out_dim = out_dim,
                                     .input_softmax = g.op.input_softmax,
                                     .x = g.in[Srwm::x].data<float>(),
                                     .reset = g.op.reset.data<std::uint8_t>(),
                                     .w_last = g.out[Srwm::w_last].data<float>(),
                                     .steps = g.saved.steps.data<float>(),
                                     .saved_w = g.saved.segments.data<float>(),
                                     .before_reset = g.saved.before_reset.data<float>(),
                                     .dL_dy = g.dL_dout[Srwm::y].data<float>(),
                                     .dL_dw_last = g.dL_dout[Srwm::w_last].data<float>(),
                                     .dL_dx = dL_dx.wanted() ? dL_dx.value.data<float>() : nullptr,
                                     .accumulate_dx = accumulates(dL_dx),
                                     .dL_dw_first = each_first.data<float>(),
                                     .dL_dw_reset = each_reset.data<float>()});
  if (dL_dw_first.wanted()) {
    add_groups(stream_of(context), each_first.data<float>(), n.batch, n.groups, per_sequence,
               dL_dw_first.value.data<float>(), accumulates(dL_dw_first));
  }
  if (dL_dw_reset.wanted() && each_reset) {
    add_groups(stream_of(context), each_reset.data<float>(), n.batch, 1, per_sequence, dL_dw_reset.value.data<float>(),
               accumulates(dL_dw_reset));
  } else {
    sum_into(context, dL_dw_reset);
  }
}

}  // namespace

Body<Srwm> body_of(Tag<Srwm>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
