// The SRWM step by step, in the notation of the paper (Irie et al., ICML 2022, eqs. 5-8).
#include "ops/srwm.h"

#include <algorithm>
#include <cmath>

#include "ops/grad.h"
#include "ops/reference/scratch.h"
#include "ops/sequence.h"

namespace srwm {

OutputSpecs<Srwm::outputs> Srwm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  expect_real(name, "w_first", in[w_first], 4);
  const DType real = in[x].dtype();
  const std::int64_t batch = in[x].dim(0), steps = in[x].dim(1);
  const std::int64_t groups = in[w_first].dim(0), heads = in[w_first].dim(1), d = in[w_first].dim(2);
  const std::int64_t rows = in[w_first].dim(3), out_dim = rows - 2 * d - 4;
  if (out_dim < 1) {
    shape_error(name, "w_first", fmt::format("at least {} rows, for heads of size {}", 2 * d + 5, d),
                in[w_first].shape().to_string());
  }
  const Shape one{1, heads, d, rows}, last{batch, heads, d, rows};
  expect_steps(name, "x", batch, steps);
  expect_tensor(name, "w_first", in[w_first], Shape{groups, heads, d, rows}, real);
  expect_tensor(name, "x", in[x], Shape{batch, steps, heads * d}, real);
  expect_groups(name, "w_first", groups, batch);
  expect_reset(name, reset, batch, steps);
  if (reset || in[w_reset]) expect_tensor(name, "w_reset", in[w_reset], one, real);
  return {{{Shape{batch, steps, heads * out_dim}, real}, {last, real}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// One (sequence, head). A matrix is stored input index first: element (row r, column i) is w[i * rows + r].
struct Sizes {
  explicit Sizes(const Tensors<Srwm::inputs>& in)
      : batch(in[Srwm::x].dim(0)),
        steps(in[Srwm::x].dim(1)),
        groups(in[Srwm::w_first].dim(0)),
        heads(in[Srwm::w_first].dim(1)),
        d(in[Srwm::w_first].dim(2)),
        rows(in[Srwm::w_first].dim(3)) {}

  std::int64_t batch, steps, groups, heads, d, rows;
  std::int64_t out_dim = rows - 2 * d - 4;  ///< rows of W^y
  std::int64_t matrix = d * rows;
  std::int64_t record = 3 * d + 4 + rows;  ///< numbers saved per step

  /// Which beta scales row r: 0 (y), 1 (q), 2 (k) or 3 (b).
  std::int64_t block(std::int64_t r) const {
    return r < out_dim ? 0 : std::min<std::int64_t>((r - out_dim) / d + 1, 3);
  }
  std::int64_t first_state(std::int64_t b, std::int64_t h) const { return (b / (batch / groups) * heads + h) * matrix; }
  std::int64_t x_at(std::int64_t b, std::int64_t t, std::int64_t h) const { return ((b * steps + t) * heads + h) * d; }
  std::int64_t y_at(std::int64_t b, std::int64_t t, std::int64_t h) const {
    return ((b * steps + t) * heads + h) * out_dim;
  }
};

/// What is saved of one step.
template <typename Real>
struct Step {
  Step(const Tensor& saved, const Sizes& n, std::int64_t b, std::int64_t h, std::int64_t t)
      : phi(saved.data<Real>() + ((b * n.heads + h) * n.steps + t) * n.record),
        q(phi + n.d),
        k(q + n.d),
        beta(k + n.d),
        delta(beta + 4) {}

  Real *phi, *q, *k;  ///< phi(x_t), q' and k'
  Real* beta;         ///< of the blocks y, q, k, b
  Real* delta;        ///< v_t - vbar_t = W_{t-1} (q' - k')
};

template <typename Real>
void softmax(const Real* z, std::int64_t d, Real* p) {
  const Real largest = *std::max_element(z, z + d);
  Real sum = 0;
  for (std::int64_t i = 0; i < d; ++i) sum += p[i] = std::exp(z[i] - largest);
  for (std::int64_t i = 0; i < d; ++i) p[i] /= sum;
}

/// dL/dz of p = softmax(z).
template <typename Real>
void softmax_backward(const Real* p, const Real* dL_dp, std::int64_t d, Real* dL_dz) {
  Real dot = 0;
  for (std::int64_t i = 0; i < d; ++i) dot += p[i] * dL_dp[i];
  for (std::int64_t i = 0; i < d; ++i) dL_dz[i] = p[i] * (dL_dp[i] - dot);
}

/// out[r] = sum_i w[i, r] v(i)
template <typename Real, typename V>
void multiply(const Sizes& n, const Real* w, const V& v, Real* out) {
  std::fill_n(out, n.rows, Real(0));
  for (std::int64_t i = 0; i < n.d; ++i) {
    for (std::int64_t r = 0; r < n.rows; ++r) out[r] += w[i * n.rows + r] * v(i);
  }
}

template <typename Real>
void step_forward(const Sizes& n, bool input_softmax, const Real* x, const Step<Real>& s, Real* w, Real* out) {
  if (input_softmax) {
    softmax(x, n.d, s.phi);
  } else {
    std::copy_n(x, n.d, s.phi);
  }
  // [y, q, k, b] = W_{t-1} phi(x_t)
  multiply(
      n, w, [&](std::int64_t i) { return s.phi[i]; }, out);
  // q' = softmax(q), k' = softmax(k), beta = sigmoid(b)
  softmax(out + n.out_dim, n.d, s.q);
  softmax(out + n.out_dim + n.d, n.d, s.k);
  for (int j = 0; j < 4; ++j) s.beta[j] = 1 / (1 + std::exp(-out[n.out_dim + 2 * n.d + j]));
  // delta = v - vbar = W_{t-1} (q' - k')
  multiply(
      n, w, [&](std::int64_t i) { return s.q[i] - s.k[i]; }, s.delta);
  // W_t = W_{t-1} + B_t delta (x) k'
  for (std::int64_t i = 0; i < n.d; ++i) {
    for (std::int64_t r = 0; r < n.rows; ++r) w[i * n.rows + r] += s.beta[n.block(r)] * s.delta[r] * s.k[i];
  }
}

template <typename Real>
void forward(Context& context, const Forward<Srwm>& f) {
  const Sizes n(f.in);
  const DType real = DTypeOf<Real>::value;
  f.saved.steps = context.empty({n.batch, n.heads, n.steps, n.record}, real);
  f.saved.segments = context.empty({n.batch, n.heads, n.steps, n.matrix}, real);  // W_{t-1} of every step
  Real* out = scratch<Real>(context, n.rows);
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      Real* w = f.out[Srwm::w_last].data<Real>() + (b * n.heads + h) * n.matrix;
      std::copy_n(f.in[Srwm::w_first].data<Real>() + n.first_state(b, h), n.matrix, w);
      for (std::int64_t t = 0; t < n.steps; ++t) {
        if (f.op.reset && f.op.reset.data<std::uint8_t>()[b * n.steps + t]) {
          std::copy_n(f.in[Srwm::w_reset].data<Real>() + h * n.matrix, n.matrix, w);
        }
        std::copy_n(w, n.matrix, f.saved.segments.data<Real>() + ((b * n.heads + h) * n.steps + t) * n.matrix);
        step_forward(n, f.op.input_softmax, f.in[Srwm::x].data<Real>() + n.x_at(b, t, h),
                     Step<Real>(f.saved.steps, n, b, h, t), w, out);
        std::copy_n(out, n.out_dim, f.out[Srwm::y].data<Real>() + n.y_at(b, t, h));
      }
    }
  }
}

/// Room for the gradients inside one step.
template <typename Real>
struct StepGradients {
  StepGradients(Context& context, const Sizes& n)
      : out(scratch<Real>(context, n.rows)),
        delta(scratch<Real>(context, n.rows)),
        q(scratch<Real>(context, n.d)),
        k(scratch<Real>(context, n.d)),
        phi(scratch<Real>(context, n.d)) {}

  Real *out, *delta;  ///< dL/d[y, q, k, b], dL/d delta
  Real *q, *k, *phi;  ///< dL/dq', dL/dk', dL/d phi
};

/// On entry dL_dw is dL/dW_t, on return dL/dW_{t-1}; `w` is W_{t-1}. Fills g.phi.
template <typename Real>
void step_backward(const Sizes& n, const Step<Real>& s, const Real* w, const Real* dL_dy, Real* dL_dw,
                   const StepGradients<Real>& g) {
  const std::int64_t d = n.d;
  Real dL_dbeta[4] = {0, 0, 0, 0};
  // W_t = W_{t-1} + B_t delta (x) k'
  std::fill_n(g.k, d, Real(0));
  for (std::int64_t r = 0; r < n.rows; ++r) {
    const Real beta = s.beta[n.block(r)];
    Real dL_du = 0;  // of u = B_t delta
    for (std::int64_t i = 0; i < d; ++i) {
      dL_du += dL_dw[i * n.rows + r] * s.k[i];
      g.k[i] += dL_dw[i * n.rows + r] * beta * s.delta[r];
    }
    dL_dbeta[n.block(r)] += dL_du * s.delta[r];
    g.delta[r] = dL_du * beta;
  }
  // delta = W_{t-1} (q' - k')
  for (std::int64_t i = 0; i < d; ++i) {
    g.q[i] = 0;
    for (std::int64_t r = 0; r < n.rows; ++r) {
      g.q[i] += w[i * n.rows + r] * g.delta[r];
      dL_dw[i * n.rows + r] += (s.q[i] - s.k[i]) * g.delta[r];
    }
    g.k[i] -= g.q[i];
  }
  // q' = softmax(q), k' = softmax(k), beta = sigmoid(b)
  for (std::int64_t r = 0; r < n.out_dim; ++r) g.out[r] = dL_dy ? dL_dy[r] : Real(0);
  softmax_backward(s.q, g.q, d, g.out + n.out_dim);
  softmax_backward(s.k, g.k, d, g.out + n.out_dim + d);
  for (int j = 0; j < 4; ++j) g.out[n.out_dim + 2 * d + j] = dL_dbeta[j] * s.beta[j] * (1 - s.beta[j]);
  // [y, q, k, b] = W_{t-1} phi(x_t)
  for (std::int64_t i = 0; i < d; ++i) {
    g.phi[i] = 0;
    for (std::int64_t r = 0; r < n.rows; ++r) {
      g.phi[i] += w[i * n.rows + r] * g.out[r];
      dL_dw[i * n.rows + r] += s.phi[i] * g.out[r];
    }
  }
}

template <typename Real>
void add(const Real* from, std::int64_t count, Real* to) {
  for (std::int64_t i = 0; to && i < count; ++i) to[i] += from[i];
}

template <typename Real>
void backward(Context& context, const Backward<Srwm>& back) {
  const Sizes n(back.in);
  const StepGradients<Real> g(context, n);
  Real* dL_dw = scratch<Real>(context, n.matrix);
  Real* dL_dz = scratch<Real>(context, n.d);
  Real* dL_dx = sum_into<Real>(back.dL_din[Srwm::x]);
  Real* dL_dw_first = sum_into<Real>(back.dL_din[Srwm::w_first]);
  Real* dL_dw_reset = sum_into<Real>(back.dL_din[Srwm::w_reset]);
  const Real* dL_dy = back.dL_dout[Srwm::y].data<Real>();
  const Real* dL_dw_last = back.dL_dout[Srwm::w_last].data<Real>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      const std::int64_t pair = b * n.heads + h;
      std::fill_n(dL_dw, n.matrix, Real(0));
      if (dL_dw_last) add(dL_dw_last + pair * n.matrix, n.matrix, dL_dw);
      for (std::int64_t t = n.steps; t-- > 0;) {
        const Step<Real> s(back.saved.steps, n, b, h, t);
        const Real* w = back.saved.segments.data<Real>() + (pair * n.steps + t) * n.matrix;
        step_backward(n, s, w, dL_dy ? dL_dy + n.y_at(b, t, h) : nullptr, dL_dw, g);
        // phi = softmax(x) or x
        if (back.op.input_softmax) softmax_backward(s.phi, g.phi, n.d, dL_dz);
        if (dL_dx) add(back.op.input_softmax ? dL_dz : g.phi, n.d, dL_dx + n.x_at(b, t, h));
        // W = w_reset before a step with reset: the gradient goes there and no further back
        if (back.op.reset && back.op.reset.data<std::uint8_t>()[b * n.steps + t]) {
          if (dL_dw_reset) add(dL_dw, n.matrix, dL_dw_reset + h * n.matrix);
          std::fill_n(dL_dw, n.matrix, Real(0));
        }
      }
      if (dL_dw_first) add(dL_dw, n.matrix, dL_dw_first + n.first_state(b, h));
    }
  }
}

}  // namespace

Body<Srwm> body_of(Tag<Srwm>, DType real) {
  if (real == DType::f64) return {forward<double>, backward<double>};
  return {forward<float>, backward<float>};
}

}  // namespace srwm::reference
