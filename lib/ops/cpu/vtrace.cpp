#include "ops/vtrace.h"

#include "core/parallel.h"
#include "ops/op.h"
#include "ops/reference/log_softmax.h"

namespace srwm {
namespace {

/// One sequence: what is read at step t of T + 1.
template <typename Real>
struct Sequence {
  Sequence(const VTrace& v, std::int64_t b)
      : actions_count(v.logits.dim(2)),
        logits(v.logits.data<Real>() + b * v.logits.dim(1) * actions_count),
        values(v.values.data<Real>() + b * v.logits.dim(1)),
        actions(v.actions.data<std::int32_t>() + b * v.logits.dim(1)),
        log_mu(v.log_probs.data<float>() + b * v.logits.dim(1)),
        rewards(v.rewards.data<float>() + b * v.logits.dim(1)),
        is_first(v.is_first.data<std::uint8_t>() + b * v.logits.dim(1)) {}

  /// pi(a_t | x_t) / mu(a_t | x_t)
  Real rho(std::int64_t t) const {
    const Real* row = logits + t * actions_count;
    const Real log_pi = row[actions[t]] - reference::log_sum_exp(row, actions_count);
    return std::exp(log_pi - static_cast<Real>(log_mu[t]));
  }

  std::int64_t actions_count;
  const Real *logits, *values;
  const std::int32_t* actions;
  const float *log_mu, *rewards;
  const std::uint8_t* is_first;
};

template <typename Real>
void trace_back(const VTraceOptions& o, const Sequence<Real>& s, std::int64_t steps, Real* vs, Real* advantages) {
  const Real limit = static_cast<Real>(o.reward_limit);
  Real vs_next = s.values[steps];
  for (std::int64_t t = steps; t-- > 0;) {
    const Real rho = s.rho(t), reward = std::clamp(static_cast<Real>(s.rewards[t + 1]), -limit, limit);
    const Real gamma = s.is_first[t + 1] != 0 ? Real{0} : static_cast<Real>(o.discount);
    const Real delta = std::min(static_cast<Real>(o.rho_clip), rho) * (reward + gamma * s.values[t + 1] - s.values[t]);
    const Real c = std::min(static_cast<Real>(o.c_clip), rho);
    advantages[t] = std::min(static_cast<Real>(o.pg_rho_clip), rho) * (reward + gamma * vs_next - s.values[t]);
    vs_next = vs[t] = s.values[t] + delta + gamma * c * (vs_next - s.values[t + 1]);
  }
}

}  // namespace

void VTrace::check() const {
  constexpr const char* name = "vtrace";
  expect_real(name, "logits", logits, 3);
  const std::int64_t batch = logits.dim(0), steps = logits.dim(1);
  if (batch < 1 || steps < 2) {
    shape_error(name, "logits", "at least one sequence of two steps", logits.shape().to_string());
  }
  expect_tensor(name, "values", values, {batch, steps}, logits.dtype());
  expect_tensor(name, "actions", actions, {batch, steps}, DType::i32);
  expect_tensor(name, "log_probs", log_probs, {batch, steps}, DType::f32);
  expect_tensor(name, "rewards", rewards, {batch, steps}, DType::f32);
  expect_tensor(name, "is_first", is_first, {batch, steps}, DType::u8);
  expect_tensor(name, "vs", vs, {batch, steps - 1}, logits.dtype());
  expect_tensor(name, "advantages", advantages, {batch, steps - 1}, logits.dtype());
}

template <typename Real>
void vtrace_on_host(Context& context, const VTrace& vtrace) {
  vtrace.check();
  const std::int64_t steps = vtrace.vs.dim(1);
  parallel_for(context.threads(), vtrace.vs.dim(0), [&](std::int64_t b) {
    trace_back(vtrace.options, Sequence<Real>(vtrace, b), steps, vtrace.vs.data<Real>() + b * steps,
               vtrace.advantages.data<Real>() + b * steps);
  });
}

template void vtrace_on_host<float>(Context&, const VTrace&);
template void vtrace_on_host<double>(Context&, const VTrace&);

}  // namespace srwm
