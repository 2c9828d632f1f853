// The LSTM on the CPU: one matrix product for x over all steps, one per step for h, and in backward one for each weight
// over all steps; the gates in between are vector code (lstm_kernels.h).
#include "ops/lstm.h"

#include <algorithm>
#include <functional>

#include "core/parallel.h"
#include "ops/cpu/gemm.h"
#include "ops/cpu/lstm_kernels.h"

namespace srwm::cpu {
namespace {

/// h_{t-1} or c_{t-1}, given the first state and those of every step; nullptr means zeros.
const float* before(const Lstm& op, const LstmSizes& n, const Tensor& first, const float* every_step, std::int64_t b,
                    std::int64_t t) {
  if (resets(op, n.step(b, t))) return nullptr;
  if (t > 0) return every_step + n.step(b, t - 1) * n.hidden;
  return first ? first.data<float>() + n.first_state(b) : nullptr;
}

void copy_or_clear(const float* from, std::int64_t count, float* to) {
  if (from) {
    std::copy_n(from, count, to);
  } else {
    std::fill_n(to, count, 0.0f);
  }
}

float* scratch(Context& context, Shape shape) {
  return context.empty(shape, DType::f32).data<float>();
}

LstmGates gates_of(const Lstm& op, const LstmSizes& n, const Tensor& c_first, const Lstm::Saved& saved, std::int64_t b,
                   std::int64_t t) {
  const std::int64_t step = n.step(b, t);
  float* cells = saved.cells.data<float>();
  return {n.hidden, saved.gates.data<float>() + step * 4 * n.hidden, before(op, n, c_first, cells, b, t),
          cells + step * n.hidden};
}

void forward(Context& context, const Forward<Lstm>& f) {
  const LstmSizes n(f.in);
  const std::int64_t hidden = n.hidden, rows = n.batch * n.steps;
  const float *x = f.in[Lstm::x].data<float>(), *w_ih = f.in[Lstm::w_ih].data<float>();
  const float *w_hh = f.in[Lstm::w_hh].data<float>(), *b_ih = f.in[Lstm::b_ih].data<float>();
  f.saved.gates = context.empty({n.batch, n.steps, 4 * hidden}, DType::f32);
  f.saved.cells = context.empty({n.batch, n.steps, hidden}, DType::f32);
  float *gates = f.saved.gates.data<float>(), *y = f.out[Lstm::y].data<float>();
  const Arena::Mark mark = context.arena().mark();
  float *bias = scratch(context, {4 * hidden}), *h = scratch(context, {n.batch, hidden});
  std::transform(b_ih, b_ih + 4 * hidden, f.in[Lstm::b_hh].data<float>(), bias, std::plus<>());
  // z = w_ih x_t + w_hh h_{t-1}; the gates' activations add the bias
  gemm(context.threads(),
       Gemm<float>{.m = rows, .n = 4 * hidden, .k = n.width, .a = x, .b = w_ih, .b_transposed = true, .c = gates});
  for (std::int64_t t = 0; t < n.steps; ++t) {
    for (std::int64_t b = 0; b < n.batch; ++b) {
      copy_or_clear(before(f.op, n, f.in[Lstm::h_first], y, b, t), hidden, h + b * hidden);
    }
    gemm(context.threads(), Gemm<float>{.m = n.batch,
                                        .n = 4 * hidden,
                                        .k = hidden,
                                        .a = h,
                                        .b = w_hh,
                                        .b_transposed = true,
                                        .c = gates + t * 4 * hidden,
                                        .beta = 1,
                                        .c_stride = n.steps * 4 * hidden});
    parallel_for(context.threads(), n.batch, [&](std::int64_t b) {
      lstm_kernels().forward(gates_of(f.op, n, f.in[Lstm::c_first], f.saved, b, t), bias, y + n.step(b, t) * hidden);
    });
  }
  for (std::int64_t b = 0; b < n.batch; ++b) {
    const std::int64_t last = n.step(b, n.steps - 1) * hidden;
    std::copy_n(y + last, hidden, f.out[Lstm::h_last].data<float>() + b * hidden);
    std::copy_n(f.saved.cells.data<float>() + last, hidden, f.out[Lstm::c_last].data<float>() + b * hidden);
  }
  context.arena().rewind(mark);
}

/// grad (+)= a^T b over all rows, a [rows, m], b [rows, n].
void weight_gradient(Context& context, std::int64_t rows, std::int64_t m, const float* a, std::int64_t n,
                     const float* b, const Grad& grad) {
  if (!grad.wanted()) return;
  const float beta = grad.mode == GradMode::accumulate ? 1.0f : 0.0f;
  gemm(context.threads(), Gemm<float>{.m = m,
                                      .n = n,
                                      .k = rows,
                                      .a = a,
                                      .a_transposed = true,
                                      .b = b,
                                      .c = grad.value.data<float>(),
                                      .beta = beta});
}

/// grad[j] (+)= sum over rows r of values[r, j], in the order of the rows.
void sum_rows(int threads, const float* values, std::int64_t rows, std::int64_t columns, const Grad& grad) {
  if (!grad.wanted()) return;
  float* to = grad.value.data<float>();
  parallel_ranges(threads, columns, 64, [&](std::int64_t begin, std::int64_t end) {
    if (grad.mode == GradMode::overwrite) std::fill(to + begin, to + end, 0.0f);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t j = begin; j < end; ++j) to[j] += values[r * columns + j];
    }
  });
}

/// grad[g] (+)= sum over the sequences b of group g of dL_dstate[b], in order.
void state_gradient(const LstmSizes& n, const float* dL_dstate, const Grad& grad) {
  if (!grad.wanted()) return;
  float* to = grad.value.data<float>();
  if (grad.mode == GradMode::overwrite) std::fill_n(to, n.groups * n.hidden, 0.0f);
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t r = 0; r < n.hidden; ++r) to[n.first_state(b) + r] += dL_dstate[b * n.hidden + r];
  }
}

/// Gradients of h_t and c_t [B, H], t going down, and of z [B, T, 4H].
struct StateGradients {
  float *h, *c, *z;
};

/// Through step t: on entry g.h and g.c are those of h_t and c_t but for what y_t adds, on return those of h_{t-1}
/// and c_{t-1}.
void step_backward(Context& context, const Backward<Lstm>& back, const LstmSizes& n, std::int64_t t,
                   const StateGradients& g) {
  const std::int64_t hidden = n.hidden;
  const float* dL_dy = back.dL_dout[Lstm::y].data<float>();
  parallel_for(context.threads(), n.batch, [&](std::int64_t b) {
    float *dL_dh = g.h + b * hidden, *dL_dc = g.c + b * hidden;
    const std::int64_t step = n.step(b, t);
    for (std::int64_t r = 0; dL_dy && r < hidden; ++r) dL_dh[r] += dL_dy[step * hidden + r];
    lstm_kernels().backward(gates_of(back.op, n, back.in[Lstm::c_first], back.saved, b, t), dL_dh, dL_dc,
                            g.z + step * 4 * hidden);
  });
  // z = ... + w_hh h_{t-1}
  gemm(context.threads(), Gemm<float>{.m = n.batch,
                                      .n = hidden,
                                      .k = 4 * hidden,
                                      .a = g.z + t * 4 * hidden,
                                      .b = back.in[Lstm::w_hh].data<float>(),
                                      .c = g.h,
                                      .a_stride = n.steps * 4 * hidden});
  // h and c are zeros before a step with reset
  for (std::int64_t b = 0; b < n.batch; ++b) {
    if (!resets(back.op, n.step(b, t))) continue;
    std::fill_n(g.h + b * hidden, hidden, 0.0f);
    std::fill_n(g.c + b * hidden, hidden, 0.0f);
  }
}

/// z = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh, all steps at once.
void inputs_backward(Context& context, const Backward<Lstm>& back, const LstmSizes& n, const float* dL_dz) {
  const std::int64_t hidden = n.hidden, rows = n.batch * n.steps;
  weight_gradient(context, rows, 4 * hidden, dL_dz, n.width, back.in[Lstm::x].data<float>(), back.dL_din[Lstm::w_ih]);
  if (back.dL_din[Lstm::w_hh].wanted()) {
    float* h_before = scratch(context, {n.batch, n.steps, hidden});
    parallel_for(context.threads(), rows, [&](std::int64_t step) {
      const std::int64_t b = step / n.steps, t = step % n.steps;
      const float* y = back.out[Lstm::y].data<float>();
      copy_or_clear(before(back.op, n, back.in[Lstm::h_first], y, b, t), hidden, h_before + step * hidden);
    });
    weight_gradient(context, rows, 4 * hidden, dL_dz, hidden, h_before, back.dL_din[Lstm::w_hh]);
  }
  sum_rows(context.threads(), dL_dz, rows, 4 * hidden, back.dL_din[Lstm::b_ih]);
  sum_rows(context.threads(), dL_dz, rows, 4 * hidden, back.dL_din[Lstm::b_hh]);
  const Grad& dL_dx = back.dL_din[Lstm::x];
  if (!dL_dx.wanted()) return;
  gemm(context.threads(), Gemm<float>{.m = rows,
                                      .n = n.width,
                                      .k = 4 * hidden,
                                      .a = dL_dz,
                                      .b = back.in[Lstm::w_ih].data<float>(),
                                      .c = dL_dx.value.data<float>(),
                                      .beta = dL_dx.mode == GradMode::accumulate ? 1.0f : 0.0f});
}

void backward(Context& context, const Backward<Lstm>& back) {
  const LstmSizes n(back.in);
  const std::int64_t hidden = n.hidden;
  const Arena::Mark mark = context.arena().mark();
  const StateGradients g{scratch(context, {n.batch, hidden}), scratch(context, {n.batch, hidden}),
                         scratch(context, {n.batch, n.steps, 4 * hidden})};
  copy_or_clear(back.dL_dout[Lstm::h_last].data<float>(), n.batch * hidden, g.h);
  copy_or_clear(back.dL_dout[Lstm::c_last].data<float>(), n.batch * hidden, g.c);
  for (std::int64_t t = n.steps; t-- > 0;) step_backward(context, back, n, t, g);
  state_gradient(n, g.h, back.dL_din[Lstm::h_first]);
  state_gradient(n, g.c, back.dL_din[Lstm::c_first]);
  inputs_backward(context, back, n, g.z);
  context.arena().rewind(mark);
}

}  // namespace

Body<Lstm> body_of(Tag<Lstm>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
