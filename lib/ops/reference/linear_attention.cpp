// The additive fast-weight memory step by step.
#include "ops/linear_attention.h"

#include <algorithm>

#include "ops/grad.h"
#include "ops/reference/feature_map.h"
#include "ops/reference/scratch.h"
#include "ops/sequence.h"

namespace srwm {

OutputSpecs<LinearAttention::outputs> LinearAttention::plan(const Tensors<inputs>& in) const {
  expect_real(name, "projected", in[projected], 3);
  const DType real = in[projected].dtype();
  const std::int64_t batch = in[projected].dim(0), steps = in[projected].dim(1);
  const std::int64_t d = expect_three_per_head(name, "projected", in[projected], heads);
  expect_steps(name, "projected", batch, steps);
  expect_first_matrix(name, in[w_first], heads, d, batch, real);
  expect_reset(name, reset, batch, steps);
  return {{{Shape{batch, steps, heads * d}, real}, {Shape{batch, heads, d, d}, real}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// A matrix is stored key index first: element (row r, column i) is w[i * d + r].
struct Sizes {
  Sizes(const LinearAttention& op, const Tensor& projected, const Tensor& w_first)
      : batch(projected.dim(0)),
        steps(projected.dim(1)),
        heads(op.heads),
        d(projected.dim(2) / (3 * op.heads)),
        groups(w_first ? w_first.dim(0) : 1) {}

  std::int64_t batch, steps, heads, d, groups;
  std::int64_t matrix = d * d;
  std::int64_t record = 2 * d + 2;  ///< numbers saved per step

  std::int64_t first_state(std::int64_t b, std::int64_t h) const { return (b / (batch / groups) * heads + h) * matrix; }
  std::int64_t step(std::int64_t b, std::int64_t t, std::int64_t h) const { return (b * steps + t) * heads + h; }
};

/// What is saved of one step.
template <typename Real>
struct Step {
  Step(const Tensor& saved, const Sizes& n, std::int64_t step)
      : q(saved.data<Real>() + step * n.record), k(q + n.d), sums(k + n.d) {}

  Real *q, *k;  ///< q' and k'
  Real* sums;   ///< sum(elu(z) + 1) + eps of q and of k
};

/// W before the first step, or after a reset.
template <typename Real>
void start(const Sizes& n, const Tensor& w_first, std::int64_t b, std::int64_t h, Real* w) {
  if (w_first) {
    std::copy_n(w_first.data<Real>() + n.first_state(b, h), n.matrix, w);
  } else {
    std::fill_n(w, n.matrix, Real(0));
  }
}

bool resets(const LinearAttention& op, const Sizes& n, std::int64_t b, std::int64_t t) {
  return op.reset && op.reset.data<std::uint8_t>()[b * n.steps + t] != 0;
}

/// W_t = W_{t-1} + v (x) k'
template <typename Real>
void add_value(const Sizes& n, const Real* v, const Real* k, Real* w) {
  for (std::int64_t i = 0; i < n.d; ++i) {
    for (std::int64_t r = 0; r < n.d; ++r) w[i * n.d + r] += v[r] * k[i];
  }
}

template <typename Real>
void forward(Context& context, const Forward<LinearAttention>& f) {
  const Tensor &projected = f.in[LinearAttention::projected], &w_first = f.in[LinearAttention::w_first];
  const Sizes n(f.op, projected, w_first);
  f.saved.steps = context.empty({n.batch, n.steps, n.heads, n.record}, DTypeOf<Real>::value);
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      Real* w = f.out[LinearAttention::w_last].data<Real>() + (b * n.heads + h) * n.matrix;
      start(n, w_first, b, h, w);
      for (std::int64_t t = 0; t < n.steps; ++t) {
        const std::int64_t step = n.step(b, t, h);
        const Real *q = projected.data<Real>() + step * 3 * n.d, *k = q + n.d, *v = k + n.d;
        const Step<Real> s(f.saved.steps, n, step);
        if (resets(f.op, n, b, t)) std::fill_n(w, n.matrix, Real(0));
        s.sums[0] = feature_map(q, n.d, f.op.eps, s.q);
        s.sums[1] = feature_map(k, n.d, f.op.eps, s.k);
        add_value(n, v, s.k, w);
        // y_t = W_t q'
        Real* y = f.out[LinearAttention::y].data<Real>() + step * n.d;
        std::fill_n(y, n.d, Real(0));
        for (std::int64_t i = 0; i < n.d; ++i) {
          for (std::int64_t r = 0; r < n.d; ++r) y[r] += w[i * n.d + r] * s.q[i];
        }
      }
    }
  }
}

/// What backward reads and writes of one (sequence, head).
template <typename Real>
struct Pair {
  const Backward<LinearAttention>& back;
  const Sizes& n;
  std::int64_t b, h;
  Real* dL_dprojected;  ///< of the whole op, or nullptr

  const Real* dL_dy(std::int64_t step) const {
    const Tensor& dL_dy = back.dL_dout[LinearAttention::y];
    return dL_dy ? dL_dy.data<Real>() + step * n.d : nullptr;
  }
  const Real* projected(std::int64_t step) const {
    return back.in[LinearAttention::projected].data<Real>() + step * 3 * n.d;
  }
};

/// Forward in time, for the queries: W_t is summed up again in `w`; y_t = W_t q'. `dL_dq` has room for dL/dq'.
template <typename Real>
void queries_backward(const Pair<Real>& pair, Real* w, Real* dL_dq) {
  const Sizes& n = pair.n;
  start(n, pair.back.in[LinearAttention::w_first], pair.b, pair.h, w);
  for (std::int64_t t = 0; t < n.steps; ++t) {
    const std::int64_t step = n.step(pair.b, t, pair.h);
    const Step<Real> s(pair.back.saved.steps, n, step);
    const Real *projected = pair.projected(step), *dL_dy = pair.dL_dy(step);
    if (resets(pair.back.op, n, pair.b, t)) std::fill_n(w, n.matrix, Real(0));
    add_value(n, projected + 2 * n.d, s.k, w);
    std::fill_n(dL_dq, n.d, Real(0));
    for (std::int64_t i = 0; i < n.d; ++i) {
      for (std::int64_t r = 0; r < n.d; ++r) dL_dq[i] += w[i * n.d + r] * dL_dy[r];
    }
    feature_map_backward(projected, s.q, s.sums[0], dL_dq, n.d, pair.dL_dprojected + step * 3 * n.d);
  }
}

/// Backward in time, for keys and values. On entry dL_dw is dL/dW_T, on return the gradient of the first W. `dL_dk`
/// has room for dL/dk'.
template <typename Real>
void values_backward(const Pair<Real>& pair, Real* dL_dw, Real* dL_dk) {
  const Sizes& n = pair.n;
  for (std::int64_t t = n.steps; t-- > 0;) {
    const std::int64_t step = n.step(pair.b, t, pair.h);
    const Step<Real> s(pair.back.saved.steps, n, step);
    const Real *k = pair.projected(step) + n.d, *v = k + n.d;
    // y_t = W_t q'
    if (const Real* dL_dy = pair.dL_dy(step)) add_value(n, dL_dy, s.q, dL_dw);
    // W_t = W_{t-1} + v (x) k'
    if (pair.dL_dprojected != nullptr) {
      Real *to_k = pair.dL_dprojected + step * 3 * n.d + n.d, *to_v = to_k + n.d;
      std::fill_n(dL_dk, n.d, Real(0));
      for (std::int64_t i = 0; i < n.d; ++i) {
        for (std::int64_t r = 0; r < n.d; ++r) {
          dL_dk[i] += dL_dw[i * n.d + r] * v[r];
          to_v[r] += dL_dw[i * n.d + r] * s.k[i];
        }
      }
      feature_map_backward(k, s.k, s.sums[1], dL_dk, n.d, to_k);
    }
    // W = 0 before a step with reset: the gradient goes no further back
    if (resets(pair.back.op, n, pair.b, t)) std::fill_n(dL_dw, n.matrix, Real(0));
  }
}

template <typename Real>
void backward(Context& context, const Backward<LinearAttention>& back) {
  const Sizes n(back.op, back.in[LinearAttention::projected], back.in[LinearAttention::w_first]);
  Real* matrix = scratch<Real>(context, n.matrix);
  Real* vector = scratch<Real>(context, n.d);
  Real* dL_dprojected = sum_into<Real>(back.dL_din[LinearAttention::projected]);
  Real* dL_dw_first = sum_into<Real>(back.dL_din[LinearAttention::w_first]);
  const Real* dL_dw_last = back.dL_dout[LinearAttention::w_last].data<Real>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      const Pair<Real> pair{back, n, b, h, dL_dprojected};
      if (dL_dprojected != nullptr && back.dL_dout[LinearAttention::y]) queries_backward(pair, matrix, vector);
      std::fill_n(matrix, n.matrix, Real(0));
      if (dL_dw_last != nullptr) std::copy_n(dL_dw_last + (b * n.heads + h) * n.matrix, n.matrix, matrix);
      values_backward(pair, matrix, vector);
      for (std::int64_t i = 0; dL_dw_first && i < n.matrix; ++i) dL_dw_first[n.first_state(b, h) + i] += matrix[i];
    }
  }
}

}  // namespace

Body<LinearAttention> body_of(Tag<LinearAttention>, DType real) {
  if (real == DType::f64) return {forward<double>, backward<double>};
  return {forward<float>, backward<float>};
}

}  // namespace srwm::reference
