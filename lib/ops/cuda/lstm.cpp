#include "ops/lstm.h"

#include "kernels/column_sums.h"
#include "kernels/fast_weights.h"
#include "kernels/lstm.h"
#include "ops/cuda/gemm.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

LstmSizes sizes_of(const Tensors<Lstm::inputs>& in) {
  const Tensor &x = in[Lstm::x], &h_first = in[Lstm::h_first];
  return {static_cast<int>(x.dim(0)), static_cast<int>(x.dim(1)), static_cast<int>(in[Lstm::w_hh].dim(1)),
          h_first ? static_cast<int>(h_first.dim(0)) : 1};
}

void forward(Context& context, const Forward<Lstm>& f) {
  const LstmSizes n = sizes_of(f.in);
  const std::int64_t rows = static_cast<std::int64_t>(n.batch) * n.steps, hidden = n.hidden, gates = 4 * hidden;
  const std::int64_t width = f.in[Lstm::x].dim(2);
  Queue& queue = queue_of(context);
  f.saved.gates = context.empty({n.batch, n.steps, gates});
  f.saved.cells = context.empty({n.batch, n.steps, hidden});
  f.saved.h_before = context.empty({n.batch, n.steps, hidden});
  float *z = f.saved.gates.data<float>(), *h_before = f.saved.h_before.data<float>();
  float* y = f.out[Lstm::y].data<float>();
  const std::uint8_t* reset = f.op.reset.data<std::uint8_t>();
  // z = w_ih x_t + w_hh h_{t-1}
  gemm(context, rows, gates, width, {f.in[Lstm::x].data<float>(), width}, {f.in[Lstm::w_ih].data<float>(), width, true},
       0, z, gates);
  for (int t = 0; t < n.steps; ++t) {
    lstm_h_before(queue.stream(), n, t, f.in[Lstm::h_first].data<float>(), y, reset, h_before);
    gemm(context, n.batch, gates, hidden, {h_before + t * hidden, n.steps * hidden},
         {f.in[Lstm::w_hh].data<float>(), hidden, true}, 1, z + t * gates, n.steps * gates);
    lstm_step(queue.stream(), {.sizes = n,
                               .t = t,
                               .b_ih = f.in[Lstm::b_ih].data<float>(),
                               .b_hh = f.in[Lstm::b_hh].data<float>(),
                               .c_first = f.in[Lstm::c_first].data<float>(),
                               .reset = reset,
                               .gates = z,
                               .cells = f.saved.cells.data<float>(),
                               .y = y});
  }
  lstm_last(queue.stream(), n, y, f.saved.cells.data<float>(), f.out[Lstm::h_last].data<float>(),
            f.out[Lstm::c_last].data<float>());
}

/// A copy of dL_dout, or zeros where there is none.
float* start_gradient(Context& context, const LstmSizes& n, const Tensor& dL_dout) {
  const Tensor gradient = context.zeros({n.batch, n.hidden});
  if (dL_dout) {
    add_groups(stream_of(context), dL_dout.data<float>(), n.batch, n.batch, n.hidden, gradient.data<float>(), false);
  }
  return gradient.data<float>();
}

/// grad (+)= dL_dz^T x, x [rows, width].
void weight_gradient(Context& context, const float* dL_dz, const float* x, std::int64_t rows, std::int64_t gates,
                     std::int64_t width, const Grad& grad) {
  if (!grad.wanted()) return;
  gemm(context, gates, width, rows, {dL_dz, gates, true}, {x, width}, keep(grad), grad.value.data<float>(), width);
}

/// z = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh, all steps at once.
void inputs_backward(Context& context, const Backward<Lstm>& g, const LstmSizes& n, const float* dL_dz) {
  const std::int64_t rows = static_cast<std::int64_t>(n.batch) * n.steps,
                     gates = 4 * static_cast<std::int64_t>(n.hidden);
  const std::int64_t width = g.in[Lstm::x].dim(2);
  weight_gradient(context, dL_dz, g.in[Lstm::x].data<float>(), rows, gates, width, g.dL_din[Lstm::w_ih]);
  weight_gradient(context, dL_dz, g.saved.h_before.data<float>(), rows, gates, n.hidden, g.dL_din[Lstm::w_hh]);
  const Tensor partial = context.empty({column_sum_slices(rows), gates});
  for (const auto bias : {Lstm::b_ih, Lstm::b_hh}) {
    const Grad& grad = g.dL_din[bias];
    if (!grad.wanted()) continue;
    column_sums(stream_of(context), dL_dz, rows, gates, partial.data<float>(), grad.value.data<float>(),
                accumulates(grad));
  }
  const Grad& dL_dx = g.dL_din[Lstm::x];
  if (!dL_dx.wanted()) return;
  gemm(context, rows, width, gates, {dL_dz, gates}, {g.in[Lstm::w_ih].data<float>(), width}, keep(dL_dx),
       dL_dx.value.data<float>(), width);
}

void state_gradient(Context& context, const LstmSizes& n, const std::uint8_t* reset, float* dL_dstate,
                    const Grad& grad) {
  if (!grad.wanted()) return;
  lstm_cut_first(stream_of(context), n, reset, dL_dstate);
  add_groups(stream_of(context), dL_dstate, n.batch, n.groups, n.hidden, grad.value.data<float>(), accumulates(grad));
}

void backward(Context& context, const Backward<Lstm>& g) {
  const LstmSizes n = sizes_of(g.in);
  const std::int64_t hidden = n.hidden, gates = 4 * hidden;
  Queue& queue = queue_of(context);
  const std::uint8_t* reset = g.op.reset.data<std::uint8_t>();
  float* dL_dh = start_gradient(context, n, g.dL_dout[Lstm::h_last]);
  float* dL_dc = start_gradient(context, n, g.dL_dout[Lstm::c_last]);
  float* dL_dz = context.empty({n.batch, n.steps, gates}).data<float>();
  for (int t = n.steps - 1; t >= 0; --t) {
    lstm_step_backward(queue.stream(), {.sizes = n,
                                        .t = t,
                                        .c_first = g.in[Lstm::c_first].data<float>(),
                                        .reset = reset,
                                        .gates = g.saved.gates.data<float>(),
                                        .cells = g.saved.cells.data<float>(),
                                        .dL_dy = g.dL_dout[Lstm::y].data<float>(),
                                        .dL_dh = dL_dh,
                                        .dL_dc = dL_dc,
                                        .dL_dz = dL_dz});
    gemm(context, n.batch, hidden, gates, {dL_dz + t * gates, n.steps * gates},
         {g.in[Lstm::w_hh].data<float>(), hidden}, 0, dL_dh, hidden);
  }
  state_gradient(context, n, reset, dL_dh, g.dL_din[Lstm::h_first]);
  state_gradient(context, n, reset, dL_dc, g.dL_din[Lstm::c_first]);
  inputs_backward(context, g, n, dL_dz);
}

}  // namespace

Body<Lstm> body_of(Tag<Lstm>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
