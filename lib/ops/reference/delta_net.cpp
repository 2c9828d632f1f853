// DeltaNet step by step, in the notation of the paper (Schlag, Irie, Schmidhuber, ICML 2021).
#include "ops/delta_net.h"

#include <algorithm>
#include <cmath>

#include "ops/grad.h"
#include "ops/reference/feature_map.h"
#include "ops/reference/scratch.h"
#include "ops/sequence.h"

namespace srwm {

OutputSpecs<DeltaNet::outputs> DeltaNet::plan(const Tensors<inputs>& in) const {
  expect_real(name, "projected", in[projected], 3);
  const DType real = in[projected].dtype();
  const std::int64_t batch = in[projected].dim(0), steps = in[projected].dim(1), width = in[projected].dim(2);
  if (heads < 1 || width % heads != 0 || (width / heads) % 3 != 1 || width / heads < 4) {
    shape_error(name, "projected", fmt::format("[B, T, {} (3 d + 1)], for {} heads of size d", heads, heads),
                in[projected].shape().to_string());
  }
  const std::int64_t d = (width / heads - 1) / 3;
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
  Sizes(const DeltaNet& op, const Tensor& projected, const Tensor& w_first)
      : batch(projected.dim(0)),
        steps(projected.dim(1)),
        heads(op.heads),
        width(projected.dim(2) / op.heads),
        groups(w_first ? w_first.dim(0) : 1),
        eps(op.eps) {}

  std::int64_t batch, steps, heads, width, groups;
  double eps;
  std::int64_t d = (width - 1) / 3;
  std::int64_t matrix = d * d;
  std::int64_t record = 3 * d + 3;  ///< numbers saved per step

  std::int64_t first_state(std::int64_t b, std::int64_t h) const { return (b / (batch / groups) * heads + h) * matrix; }
  std::int64_t step(std::int64_t b, std::int64_t t, std::int64_t h) const { return (b * steps + t) * heads + h; }
};

/// What is saved of one step.
template <typename Real>
struct Step {
  Step(const Tensor& saved, const Sizes& n, std::int64_t step)
      : q(saved.data<Real>() + step * n.record), k(q + n.d), delta(k + n.d), rest(delta + n.d) {}

  Real *q, *k;  ///< q' and k'
  Real* delta;  ///< v - W_{t-1} k'
  Real* rest;   ///< beta, and sum(elu(z) + 1) + eps of q and of k
};

template <typename Real>
void step_forward(const Sizes& n, const Real* projected, const Step<Real>& s, Real* w, Real* y) {
  const std::int64_t d = n.d;
  const Real *q = projected, *k = q + d, *v = k + d, *b = v + d;
  // q' = f(q), k' = f(k), beta = sigmoid(b)
  s.rest[1] = feature_map(q, d, n.eps, s.q);
  s.rest[2] = feature_map(k, d, n.eps, s.k);
  s.rest[0] = 1 / (1 + std::exp(-*b));
  // delta = v - W_{t-1} k'
  std::copy_n(v, d, s.delta);
  for (std::int64_t i = 0; i < d; ++i) {
    for (std::int64_t r = 0; r < d; ++r) s.delta[r] -= w[i * d + r] * s.k[i];
  }
  // W_t = W_{t-1} + beta delta (x) k',  y_t = W_t q'
  std::fill_n(y, d, Real(0));
  for (std::int64_t i = 0; i < d; ++i) {
    for (std::int64_t r = 0; r < d; ++r) {
      w[i * d + r] += s.rest[0] * s.delta[r] * s.k[i];
      y[r] += w[i * d + r] * s.q[i];
    }
  }
}

template <typename Real>
void forward(Context& context, const Forward<DeltaNet>& f) {
  const Tensor &projected = f.in[DeltaNet::projected], &w_first = f.in[DeltaNet::w_first];
  const Sizes n(f.op, projected, w_first);
  f.saved.steps = context.empty({n.batch, n.steps, n.heads, n.record}, DTypeOf<Real>::value);
  f.saved.segments =
      context.empty({n.batch, n.steps, n.heads, n.matrix}, DTypeOf<Real>::value);  // W_{t-1} of every step
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      Real* w = f.out[DeltaNet::w_last].data<Real>() + (b * n.heads + h) * n.matrix;
      if (w_first) {
        std::copy_n(w_first.data<Real>() + n.first_state(b, h), n.matrix, w);
      } else {
        std::fill_n(w, n.matrix, Real(0));
      }
      for (std::int64_t t = 0; t < n.steps; ++t) {
        const std::int64_t step = n.step(b, t, h);
        if (f.op.reset && f.op.reset.data<std::uint8_t>()[b * n.steps + t]) std::fill_n(w, n.matrix, Real(0));
        std::copy_n(w, n.matrix, f.saved.segments.data<Real>() + step * n.matrix);
        step_forward(n, projected.data<Real>() + step * n.width, Step<Real>(f.saved.steps, n, step), w,
                     f.out[DeltaNet::y].data<Real>() + step * n.d);
      }
    }
  }
}

/// On entry dL_dw is dL/dW_t, on return dL/dW_{t-1}; `w` is W_{t-1}. Adds to dL_dp, the gradient of `projected`.
/// `dL_dqk` has room for dL/dq' and dL/dk'.
template <typename Real>
void step_backward(const Sizes& n, const Step<Real>& s, const Real* projected, const Real* w, const Real* dL_dy,
                   Real* dL_dw, Real* dL_dqk, Real* dL_dp) {
  const std::int64_t d = n.d;
  const Real beta = s.rest[0];
  Real *dL_dq = dL_dqk, *dL_dk = dL_dqk + d;
  Real dL_dbeta = 0;
  std::fill_n(dL_dqk, 2 * d, Real(0));
  // y_t = W_t q'
  for (std::int64_t i = 0; dL_dy && i < d; ++i) {
    for (std::int64_t r = 0; r < d; ++r) {
      const Real w_t = w[i * d + r] + beta * s.delta[r] * s.k[i];
      dL_dq[i] += w_t * dL_dy[r];
      dL_dw[i * d + r] += s.q[i] * dL_dy[r];
    }
  }
  for (std::int64_t r = 0; r < d; ++r) {
    // W_t = W_{t-1} + beta delta (x) k'
    Real dL_du = 0;  // of u = beta delta
    for (std::int64_t i = 0; i < d; ++i) {
      dL_du += dL_dw[i * d + r] * s.k[i];
      dL_dk[i] += dL_dw[i * d + r] * beta * s.delta[r];
    }
    dL_dbeta += dL_du * s.delta[r];
    // delta = v - W_{t-1} k'
    const Real dL_ddelta = dL_du * beta;
    dL_dp[2 * d + r] += dL_ddelta;
    for (std::int64_t i = 0; i < d; ++i) {
      dL_dk[i] -= w[i * d + r] * dL_ddelta;
      dL_dw[i * d + r] -= s.k[i] * dL_ddelta;
    }
  }
  // q' = f(q), k' = f(k), beta = sigmoid(b)
  feature_map_backward(projected, s.q, s.rest[1], dL_dq, d, dL_dp);
  feature_map_backward(projected + d, s.k, s.rest[2], dL_dk, d, dL_dp + d);
  dL_dp[3 * d] += dL_dbeta * beta * (1 - beta);
}

template <typename Real>
void backward(Context& context, const Backward<DeltaNet>& back) {
  const Tensor &projected = back.in[DeltaNet::projected], &w_first = back.in[DeltaNet::w_first];
  const Sizes n(back.op, projected, w_first);
  Real* products = scratch<Real>(context, 2 * n.d);
  Real* dL_dw = scratch<Real>(context, n.matrix);
  Real* unwanted = scratch<Real>(context, n.width);
  std::fill_n(unwanted, n.width, Real(0));
  Real* dL_dprojected = sum_into<Real>(back.dL_din[DeltaNet::projected]);
  Real* dL_dw_first = sum_into<Real>(back.dL_din[DeltaNet::w_first]);
  const Real* dL_dy = back.dL_dout[DeltaNet::y].data<Real>();
  const Real* dL_dw_last = back.dL_dout[DeltaNet::w_last].data<Real>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      std::fill_n(dL_dw, n.matrix, Real(0));
      if (dL_dw_last) std::copy_n(dL_dw_last + (b * n.heads + h) * n.matrix, n.matrix, dL_dw);
      for (std::int64_t t = n.steps; t-- > 0;) {
        const std::int64_t step = n.step(b, t, h);
        step_backward(n, Step<Real>(back.saved.steps, n, step), projected.data<Real>() + step * n.width,
                      back.saved.segments.data<Real>() + step * n.matrix, dL_dy ? dL_dy + step * n.d : nullptr, dL_dw,
                      products, dL_dprojected ? dL_dprojected + step * n.width : unwanted);
        // W = 0 before a step with reset: the gradient goes no further back
        if (back.op.reset && back.op.reset.data<std::uint8_t>()[b * n.steps + t]) std::fill_n(dL_dw, n.matrix, Real(0));
      }
      for (std::int64_t i = 0; dL_dw_first && i < n.matrix; ++i) dL_dw_first[n.first_state(b, h) + i] += dL_dw[i];
    }
  }
}

}  // namespace

Body<DeltaNet> body_of(Tag<DeltaNet>, DType real) {
  if (real == DType::f64) return {forward<double>, backward<double>};
  return {forward<float>, backward<float>};
}

}  // namespace srwm::reference
