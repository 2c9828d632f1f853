#include "ops/actor_critic.h"

#include <cmath>

#include "ops/grad.h"
#include "ops/reference/log_softmax.h"

namespace srwm {

OutputSpecs<ActorCritic::outputs> ActorCritic::plan(const Tensors<inputs>& in) const {
  expect_real(name, "logits", in[logits], 3);
  const DType real = in[logits].dtype();
  const std::int64_t batch = in[logits].dim(0), steps = in[logits].dim(1);
  if (batch < 1 || steps < 2 || in[logits].dim(2) < 1) {
    shape_error(name, "logits", "at least one sequence of two steps and one action", in[logits].shape().to_string());
  }
  expect_tensor(name, "values", in[values], {batch, steps}, real);
  expect_tensor(name, "actions", actions, {batch, steps}, DType::i32);
  expect_tensor(name, "vs", vs, {batch, steps - 1}, real);
  expect_tensor(name, "advantages", advantages, {batch, steps - 1}, real);
  const OutputSpec number{{1}, real};
  return {{number, number, number, number}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls visit(row of [B, T + 1], element of [B, T]) for all steps but the last ones.
template <typename Visit>
void for_each_step(const Tensor& logits, const Visit& visit) {
  const std::int64_t steps = logits.dim(1) - 1;
  for (std::int64_t b = 0; b < logits.dim(0); ++b) {
    for (std::int64_t t = 0; t < steps; ++t) visit(b * (steps + 1) + t, b * steps + t);
  }
}

template <typename Real>
void forward(Context& context, const Forward<ActorCritic>& f) {
  const Tensor &logits = f.in[ActorCritic::logits], &values = f.in[ActorCritic::values];
  const std::int64_t actions = logits.dim(2);
  f.saved.log_probs = context.empty(logits.shape());
  Real* log_pi = f.saved.log_probs.data<Real>();
  double policy = 0, baseline = 0, entropy = 0;
  for_each_step(logits, [&](std::int64_t row, std::int64_t i) {
    const Real* from = logits.data<Real>() + row * actions;
    const Real log_sum = log_sum_exp(from, actions);
    for (std::int64_t a = 0; a < actions; ++a) {
      const Real value = log_pi[row * actions + a] = from[a] - log_sum;
      entropy += static_cast<double>(std::exp(value) * value);
    }
    const Real taken = log_pi[row * actions + f.op.actions.data<std::int32_t>()[row]];
    const Real error = f.op.vs.data<Real>()[i] - values.data<Real>()[row];
    policy -= static_cast<double>(taken * f.op.advantages.data<Real>()[i]);
    baseline += static_cast<double>(error * error) / 2;
  });
  const double loss = policy + f.op.baseline_cost * baseline + f.op.entropy_cost * entropy;
  *f.out[ActorCritic::loss].data<Real>() = static_cast<Real>(loss);
  *f.out[ActorCritic::policy].data<Real>() = static_cast<Real>(policy);
  *f.out[ActorCritic::baseline].data<Real>() = static_cast<Real>(baseline);
  *f.out[ActorCritic::entropy].data<Real>() = static_cast<Real>(entropy);
}

// dL/dz[a] = dL/dloss (advantage (pi(a) - [a = action]) + entropy_cost pi(a) (log pi(a) - sum_c pi(c) log pi(c)))
template <typename Real>
void add_logits_gradient(const ActorCritic& op, const Real* log_pi, std::int64_t actions, std::int32_t action,
                         Real advantage, Real scale, Real* dL_dz) {
  Real entropy = 0;
  for (std::int64_t a = 0; a < actions; ++a) entropy += std::exp(log_pi[a]) * log_pi[a];
  for (std::int64_t a = 0; a < actions; ++a) {
    const Real pi = std::exp(log_pi[a]), taken = a == action ? Real{1} : Real{0};
    dL_dz[a] += scale * (advantage * (pi - taken) + static_cast<Real>(op.entropy_cost) * pi * (log_pi[a] - entropy));
  }
}

template <typename Real>
void backward(Context&, const Backward<ActorCritic>& g) {
  const Tensor& logits = g.in[ActorCritic::logits];
  const std::int64_t actions = logits.dim(2);
  Real* dz = sum_into<Real>(g.dL_din[ActorCritic::logits]);
  Real* dv = sum_into<Real>(g.dL_din[ActorCritic::values]);
  if (g.dL_dout[ActorCritic::loss].absent()) return;  // the parts have no gradient
  const Real scale = *g.dL_dout[ActorCritic::loss].data<Real>();
  const Real* values = g.in[ActorCritic::values].data<Real>();
  for_each_step(logits, [&](std::int64_t row, std::int64_t i) {
    if (dz != nullptr) {
      add_logits_gradient(g.op, g.saved.log_probs.data<Real>() + row * actions, actions,
                          g.op.actions.data<std::int32_t>()[row], g.op.advantages.data<Real>()[i], scale,
                          dz + row * actions);
    }
    // dL/dV = dL/dloss baseline_cost (V - vs)
    if (dv != nullptr) {
      dv[row] += scale * static_cast<Real>(g.op.baseline_cost) * (values[row] - g.op.vs.data<Real>()[i]);
    }
  });
}

}  // namespace

Body<ActorCritic> body_of(Tag<ActorCritic>, DType real) {
  return real == DType::f64 ? Body<ActorCritic>{forward<double>, backward<double>}
                            : Body<ActorCritic>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
