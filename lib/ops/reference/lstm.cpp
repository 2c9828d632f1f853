// The LSTM step by step (gates in torch.nn.LSTM's order: i, f, g, o).
#include "ops/lstm.h"

#include <algorithm>
#include <cmath>

#include "ops/grad.h"
#include "ops/reference/scratch.h"
#include "ops/sequence.h"

namespace srwm {

OutputSpecs<Lstm::outputs> Lstm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  expect_real(name, "w_hh", in[w_hh], 2);
  const DType real = in[x].dtype();
  const std::int64_t batch = in[x].dim(0), steps = in[x].dim(1), hidden = in[w_hh].dim(1);
  expect_steps(name, "x", batch, steps);
  expect_tensor(name, "w_ih", in[w_ih], Shape{4 * hidden, in[x].dim(2)}, real);
  expect_tensor(name, "w_hh", in[w_hh], Shape{4 * hidden, hidden}, real);
  expect_tensor(name, "b_ih", in[b_ih], Shape{4 * hidden}, real);
  expect_tensor(name, "b_hh", in[b_hh], Shape{4 * hidden}, real);
  if (in[h_first] || in[c_first]) {
    expect_real(name, "h_first", in[h_first], 2);
    const std::int64_t groups = in[h_first].dim(0);
    expect_tensor(name, "h_first", in[h_first], Shape{groups, hidden}, real);
    expect_tensor(name, "c_first", in[c_first], Shape{groups, hidden}, real);
    expect_groups(name, "h_first", groups, batch);
  }
  expect_reset(name, reset, batch, steps);
  const OutputSpec last{Shape{batch, hidden}, real};
  return {{{Shape{batch, steps, hidden}, real}, last, last}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// h_{t-1} or c_{t-1}, given the first state and those of every step; nullptr means zeros.
template <typename Real>
const Real* before(const Lstm& op, const LstmSizes& n, const Tensor& first, const Real* every_step, std::int64_t b,
                   std::int64_t t) {
  if (resets(op, n.step(b, t))) return nullptr;
  if (t > 0) return every_step + n.step(b, t - 1) * n.hidden;
  return first ? first.data<Real>() + n.first_state(b) : nullptr;
}

template <typename Real>
Real sigmoid(Real z) {
  return 1 / (1 + std::exp(-z));
}

/// Writes the activated gates [4, H] of one step.
template <typename Real>
void gates_forward(const LstmSizes& n, const Tensors<Lstm::inputs>& in, const Real* x, const Real* h, Real* gates) {
  const Real *w_ih = in[Lstm::w_ih].data<Real>(), *w_hh = in[Lstm::w_hh].data<Real>();
  for (std::int64_t r = 0; r < 4 * n.hidden; ++r) {
    // [i, f, g, o] = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh
    Real sum = in[Lstm::b_ih].data<Real>()[r] + in[Lstm::b_hh].data<Real>()[r];
    for (std::int64_t j = 0; j < n.width; ++j) sum += w_ih[r * n.width + j] * x[j];
    for (std::int64_t j = 0; h && j < n.hidden; ++j) sum += w_hh[r * n.hidden + j] * h[j];
    gates[r] = r / n.hidden == 2 ? std::tanh(sum) : sigmoid(sum);
  }
}

template <typename Real>
void forward(Context& context, const Forward<Lstm>& f) {
  const LstmSizes n(f.in);
  const std::int64_t hidden = n.hidden;
  f.saved.gates = context.empty({n.batch, n.steps, 4 * hidden}, DTypeOf<Real>::value);
  f.saved.cells = context.empty({n.batch, n.steps, hidden}, DTypeOf<Real>::value);
  Real *y = f.out[Lstm::y].data<Real>(), *cells = f.saved.cells.data<Real>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t t = 0; t < n.steps; ++t) {
      const std::int64_t step = n.step(b, t);
      const Real* h_before = before(f.op, n, f.in[Lstm::h_first], y, b, t);
      const Real* c_before = before(f.op, n, f.in[Lstm::c_first], cells, b, t);
      Real* gates = f.saved.gates.data<Real>() + step * 4 * hidden;
      gates_forward(n, f.in, f.in[Lstm::x].data<Real>() + step * n.width, h_before, gates);
      for (std::int64_t r = 0; r < hidden; ++r) {
        const Real i = gates[r], forget = gates[hidden + r], g = gates[2 * hidden + r], o = gates[3 * hidden + r];
        // c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),  h_t = sigmoid(o) tanh(c_t)
        cells[step * hidden + r] = (c_before ? forget * c_before[r] : Real(0)) + i * g;
        y[step * hidden + r] = o * std::tanh(cells[step * hidden + r]);
      }
    }
    const std::int64_t last = (b * n.steps + n.steps - 1) * hidden;
    std::copy_n(y + last, hidden, f.out[Lstm::h_last].data<Real>() + b * hidden);
    std::copy_n(cells + last, hidden, f.out[Lstm::c_last].data<Real>() + b * hidden);
  }
}

/// On entry dL_dh and dL_dc are those of h_t and c_t, on return dL_dc is that of c_{t-1}. Writes dL_dz, the gradient of
/// the gates before their activation.
template <typename Real>
void gates_backward(std::int64_t hidden, const Real* gates, const Real* cell, const Real* c_before, const Real* dL_dh,
                    Real* dL_dc, Real* dL_dz) {
  for (std::int64_t r = 0; r < hidden; ++r) {
    const Real i = gates[r], f = gates[hidden + r], g = gates[2 * hidden + r], o = gates[3 * hidden + r];
    // h_t = o tanh(c_t)
    const Real tanh_c = std::tanh(cell[r]);
    const Real dL_do = dL_dh[r] * tanh_c;
    const Real dL_dcell = dL_dc[r] + dL_dh[r] * o * (1 - tanh_c * tanh_c);
    // c_t = f c_{t-1} + i g
    const Real dL_df = c_before ? dL_dcell * c_before[r] : Real(0);
    dL_dc[r] = dL_dcell * f;
    // i, f, o = sigmoid(z), g = tanh(z)
    dL_dz[r] = dL_dcell * g * i * (1 - i);
    dL_dz[hidden + r] = dL_df * f * (1 - f);
    dL_dz[2 * hidden + r] = dL_dcell * i * (1 - g * g);
    dL_dz[3 * hidden + r] = dL_do * o * (1 - o);
  }
}

/// z = W v + ..., W [rows, columns]: adds to the gradients of W and v; each may be nullptr, v too (zeros).
template <typename Real>
void product_backward(std::int64_t rows, std::int64_t columns, const Real* w, const Real* v, const Real* dL_dz,
                      Real* dL_dw, Real* dL_dv) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < columns; ++j) {
      if (dL_dw && v) dL_dw[r * columns + j] += dL_dz[r] * v[j];
      if (dL_dv) dL_dv[j] += w[r * columns + j] * dL_dz[r];
    }
  }
}

template <typename Real>
void add(const Real* from, std::int64_t count, Real* to) {
  for (std::int64_t i = 0; from && to && i < count; ++i) to[i] += from[i];
}

/// Element `offset` of a tensor that may be absent.
template <typename Real>
const Real* at(const Tensor& tensor, std::int64_t offset) {
  return tensor ? tensor.data<Real>() + offset : nullptr;
}

template <typename Real>
void backward(Context& context, const Backward<Lstm>& back) {
  const LstmSizes n(back.in);
  const std::int64_t hidden = n.hidden;
  Real* dL_dh = scratch<Real>(context, hidden);
  Real* dL_dc = scratch<Real>(context, hidden);
  Real* dL_dz = scratch<Real>(context, 4 * hidden);
  std::array<Real*, Lstm::inputs> dL_din{};
  for (std::size_t i = 0; i < dL_din.size(); ++i) dL_din[i] = sum_into<Real>(back.dL_din[i]);
  const Real *x = back.in[Lstm::x].data<Real>(), *y = back.out[Lstm::y].data<Real>();
  const Real *w_ih = back.in[Lstm::w_ih].data<Real>(), *w_hh = back.in[Lstm::w_hh].data<Real>();
  const Real *gates = back.saved.gates.data<Real>(), *cells = back.saved.cells.data<Real>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    std::fill_n(dL_dh, hidden, Real(0));
    std::fill_n(dL_dc, hidden, Real(0));
    add(at<Real>(back.dL_dout[Lstm::h_last], b * hidden), hidden, dL_dh);
    add(at<Real>(back.dL_dout[Lstm::c_last], b * hidden), hidden, dL_dc);
    for (std::int64_t t = n.steps; t-- > 0;) {
      const std::int64_t step = n.step(b, t);
      const Real* h_before = before(back.op, n, back.in[Lstm::h_first], y, b, t);
      const Real* c_before = before(back.op, n, back.in[Lstm::c_first], cells, b, t);
      add(at<Real>(back.dL_dout[Lstm::y], step * hidden), hidden, dL_dh);
      gates_backward(hidden, gates + step * 4 * hidden, cells + step * hidden, c_before, dL_dh, dL_dc, dL_dz);
      // z = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh
      std::fill_n(dL_dh, hidden, Real(0));
      product_backward(4 * hidden, n.width, w_ih, x + step * n.width, dL_dz, dL_din[Lstm::w_ih],
                       dL_din[Lstm::x] ? dL_din[Lstm::x] + step * n.width : nullptr);
      product_backward(4 * hidden, hidden, w_hh, h_before, dL_dz, dL_din[Lstm::w_hh], dL_dh);
      add(dL_dz, 4 * hidden, dL_din[Lstm::b_ih]);
      add(dL_dz, 4 * hidden, dL_din[Lstm::b_hh]);
      // h and c are zeros before a step with reset
      if (resets(back.op, step)) std::fill_n(dL_dh, hidden, Real(0)), std::fill_n(dL_dc, hidden, Real(0));
    }
    if (dL_din[Lstm::h_first]) add(dL_dh, hidden, dL_din[Lstm::h_first] + n.first_state(b));
    if (dL_din[Lstm::c_first]) add(dL_dc, hidden, dL_din[Lstm::c_first] + n.first_state(b));
  }
}

}  // namespace

Body<Lstm> body_of(Tag<Lstm>, DType real) {
  if (real == DType::f64) return {forward<double>, backward<double>};
  return {forward<float>, backward<float>};
}

}  // namespace srwm::reference
