#include "ops/delta_net.h"

#include "kernels/delta_net.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

FastWeightSizes sizes_of(const DeltaNet& op, const Tensors<DeltaNet::inputs>& in, const Tensor& w_last) {
  const Tensor &projected = in[DeltaNet::projected], &w_first = in[DeltaNet::w_first];
  return {static_cast<int>(projected.dim(0)), static_cast<int>(projected.dim(1)), static_cast<int>(op.heads),
          static_cast<int>(w_last.dim(2)), w_first ? static_cast<int>(w_first.dim(0)) : 1};
}

/// [B, h, count, d, d], absent for none.
Tensor matrices(Context& context, const FastWeightSizes& n, std::int64_t count) {
  return count == 0 ? Tensor() : context.empty({n.batch, n.heads, count, n.d, n.d});
}

void forward(Context& context, const Forward<DeltaNet>& f) {
  const FastWeightSizes n = sizes_of(f.op, f.in, f.out[DeltaNet::w_last]);
  f.saved.steps = context.empty({n.batch, n.heads, n.steps, delta_net_record(n.d)});
  f.saved.segments = matrices(context, n, delta_net_saved_matrices(n.d, n.steps));
  f.saved.before_reset = matrices(context, n, f.op.reset ? n.steps : 0);
  delta_net_forward(stream_of(context), {.sizes = n,
                                         .eps = static_cast<float>(f.op.eps),
                                         .projected = f.in[DeltaNet::projected].data<float>(),
                                         .w_first = f.in[DeltaNet::w_first].data<float>(),
                                         .reset = f.op.reset.data<std::uint8_t>(),
                                         .y = f.out[DeltaNet::y].data<float>(),
                                         .w_last = f.out[DeltaNet::w_last].data<float>(),
                                         .steps = f.saved.steps.data<float>(),
                                         .saved_w = f.saved.segments.data<float>(),
                                         .before_reset = f.saved.before_reset.data<float>()});
}

void backward(Context& context, const Backward<DeltaNet>& g) {
  const FastWeightSizes n = sizes_of(g.op, g.in, g.out[DeltaNet::w_last]);
  const std::int64_t per_sequence = static_cast<std::int64_t>(n.heads) * n.d * n.d;
  const Grad &dL_dprojected = g.dL_din[DeltaNet::projected], &dL_dw_first = g.dL_din[DeltaNet::w_first];
  const Tensor each_first = context.empty({n.batch, per_sequence});
  delta_net_backward(stream_of(context),
                     {.sizes = n,
                      .reset = g.op.reset.data<std::uint8_t>(),
                      .w_last = g.out[DeltaNet::w_last].data<float>(),
                      .steps = g.saved.steps.data<float>(),
                      .saved_w = g.saved.segments.data<float>(),
                      .before_reset = g.saved.before_reset.data<float>(),
                      .projected = g.in[DeltaNet::projected].data<float>(),
                      .dL_dy = g.dL_dout[DeltaNet::y].data<float>(),
                      .dL_dw_last = g.dL_dout[DeltaNet::w_last].data<float>(),
                      .dL_dprojected = dL_dprojected.wanted() ? dL_dprojected.value.data<float>() : nullptr,
                      .accumulate = accumulates(dL_dprojected),
                      .dL_dw_first = each_first.data<float>()});
  if (!dL_dw_first.wanted()) return;
  add_groups(stream_of(context), each_first.data<float>(), n.batch, n.groups, per_sequence,
             dL_dw_first.value.data<float>(), accumulates(dL_dw_first));
}

}  // namespace

Body<DeltaNet> body_of(Tag<DeltaNet>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
