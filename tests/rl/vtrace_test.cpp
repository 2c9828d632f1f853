#include "tasks/rl/vtrace.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"

using namespace srwm;

namespace {

constexpr std::int64_t batch = 3, steps = 7, actions = 4;

template <typename T, typename Draw>
Tensor drawn(Context& context, Shape shape, const Draw& draw) {
  const Tensor host = Tensor::owning(shape, DTypeOf<T>::value);
  for (T& value : host.span<T>()) value = static_cast<T>(draw());
  const Tensor tensor = context.persistent(shape, DTypeOf<T>::value);
  context.upload(tensor, host.raw());
  return tensor;
}

/// Rollouts of a policy that is near the learner's, with rewards beyond the clipping limit and episodes that end.
template <typename Real>
struct Rollouts {
  explicit Rollouts(const Backend& backend)
      : context(backend, DTypeOf<Real>::value, 2),
        numbers(11, Stream::init, 0),
        logits(drawn<Real>(context, {batch * (steps + 1), actions}, normal(1))),
        values(drawn<Real>(context, {batch * (steps + 1)}, normal(2))),
        trajectory{
            .actions = drawn<std::int32_t>(context, {batch, steps + 1}, [&] { return numbers.below(actions); }),
            .log_probs = drawn<float>(context, {batch, steps + 1}, [&] { return -1.4 + 0.7 * numbers.normal(); }),
            .rewards = drawn<float>(context, {batch, steps + 1}, normal(1.5)),
            .is_first =
                drawn<std::uint8_t>(context, {batch, steps + 1}, [&] { return numbers.below(4) == 0 ? 1 : 0; })} {}

  std::function<double()> normal(double std) {
    return [this, std] { return static_cast<float>(std * numbers.normal()); };
  }

  double reward(std::int64_t b, std::int64_t t, double limit) const {
    const double raw = trajectory.rewards.data<float>()[b * (steps + 1) + t + 1];
    return std::clamp(raw, -limit, limit);
  }
  double value(std::int64_t b, std::int64_t t) const {
    return static_cast<double>(values.template data<Real>()[b * (steps + 1) + t]);
  }
  double discount(std::int64_t b, std::int64_t t, double gamma) const {
    return trajectory.is_first.data<std::uint8_t>()[b * (steps + 1) + t + 1] != 0 ? 0 : gamma;
  }
  double log_pi(std::int64_t b, std::int64_t t, std::int64_t action) const {
    const Real* row = logits.template data<Real>() + (b * (steps + 1) + t) * actions;
    double sum = 0;
    for (std::int64_t a = 0; a < actions; ++a) sum += std::exp(static_cast<double>(row[a]));
    return static_cast<double>(row[action]) - std::log(sum);
  }
  std::int64_t action(std::int64_t b, std::int64_t t) const {
    return trajectory.actions.data<std::int32_t>()[b * (steps + 1) + t];
  }
  double rho(std::int64_t b, std::int64_t t) const {
    return std::exp(log_pi(b, t, action(b, t)) -
                    static_cast<double>(trajectory.log_probs.data<float>()[b * (steps + 1) + t]));
  }

  Context context;
  RandomSequence numbers;
  Tensor logits, values;
  Trajectory trajectory;
};

/// Equation 1 of the paper as it stands: for each s a sum over t of products over i.
template <typename Real>
double slow_target(const Rollouts<Real>& r, const VTraceOptions& o, std::int64_t b, std::int64_t s) {
  if (s == steps) return r.value(b, s);
  double target = r.value(b, s);
  for (std::int64_t t = s; t < steps; ++t) {
    double product = 1;
    for (std::int64_t i = s; i < t; ++i) product *= r.discount(b, i, o.discount) * std::min(o.c_clip, r.rho(b, i));
    const double next = r.discount(b, t, o.discount) * r.value(b, t + 1);
    const double delta = std::min(o.rho_clip, r.rho(b, t)) * (r.reward(b, t, o.reward_limit) + next - r.value(b, t));
    target += product * delta;
  }
  return target;
}

struct Expected {
  double policy = 0, baseline = 0, entropy = 0;
};

template <typename Real>
Expected slow_loss(const Rollouts<Real>& r, const VTraceOptions& o) {
  Expected e;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t s = 0; s < steps; ++s) {
      const double next = r.discount(b, s, o.discount) * slow_target(r, o, b, s + 1);
      const double advantage =
          std::min(o.pg_rho_clip, r.rho(b, s)) * (r.reward(b, s, o.reward_limit) + next - r.value(b, s));
      e.policy -= r.log_pi(b, s, r.action(b, s)) * advantage;
      e.baseline += 0.5 * std::pow(slow_target(r, o, b, s) - r.value(b, s), 2);
      for (std::int64_t a = 0; a < actions; ++a) e.entropy += std::exp(r.log_pi(b, s, a)) * r.log_pi(b, s, a);
    }
  }
  return e;
}

template <typename Real>
void check_against_slow_sum(const Backend& backend, const ActorCriticOptions& options, double tolerance) {
  Rollouts<Real> r(backend);
  Tape tape(r.context);
  const ActorCriticLoss loss = actor_critic_loss(tape, options, tape.leaf(r.logits), tape.leaf(r.values), r.trajectory);
  const Expected expected = slow_loss(r, options.vtrace);
  const auto number = [](const Variable& v) { return static_cast<double>(*v.value().template data<Real>()); };
  CHECK(std::abs(number(loss.policy) - expected.policy) <= tolerance * std::abs(expected.policy));
  CHECK(std::abs(number(loss.baseline) - expected.baseline) <= tolerance * expected.baseline);
  CHECK(std::abs(number(loss.entropy) - expected.entropy) <= tolerance * std::abs(expected.entropy));
  const double sum =
      expected.policy + options.baseline_cost * expected.baseline + options.entropy_cost * expected.entropy;
  CHECK(std::abs(number(loss.loss) - sum) <= tolerance * (std::abs(expected.policy) + expected.baseline));
}

}  // namespace

TEST_CASE("V-trace equals the double sum of the paper", "[vtrace]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto options = GENERATE_COPY(
      ActorCriticOptions{}, ActorCriticOptions{.vtrace = {.discount = 0.9, .reward_limit = infinity}},
      ActorCriticOptions{.vtrace = {.rho_clip = 1.7, .c_clip = 0.6, .pg_rho_clip = 2.5}, .entropy_cost = 0.2},
      ActorCriticOptions{.vtrace = {.rho_clip = infinity, .c_clip = infinity, .pg_rho_clip = infinity}});
  check_against_slow_sum<double>(reference_backend(DType::f64), options, 1e-12);
  check_against_slow_sum<float>(cpu_backend(), options, 2e-5);
}

TEST_CASE("no gradient flows into targets and advantages", "[vtrace]") {
  Rollouts<double> r(reference_backend(DType::f64));
  Tape tape(r.context);
  const Variable logits = tape.leaf(r.logits), values = tape.leaf(r.values);
  const ActorCriticOptions options{.baseline_cost = 0.5};
  const ActorCriticLoss loss = actor_critic_loss(tape, options, logits, values, r.trajectory);
  tape.backward(loss.loss);
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t t = 0; t <= steps; ++t) {
      const double found = values.grad().data<double>()[b * (steps + 1) + t];
      // dL/dV = baseline_cost (V - vs), and 0 for the step that bootstraps
      const double expected = t == steps ? 0 : 0.5 * (r.value(b, t) - slow_target(r, options.vtrace, b, t));
      CHECK(std::abs(found - expected) <= 1e-12);
    }
    for (std::int64_t a = 0; a < actions; ++a) {
      CHECK(logits.grad().data<double>()[(b * (steps + 1) + steps) * actions + a] == 0);
    }
  }
}

TEST_CASE("one buffer of the wrong length is refused", "[vtrace]") {
  Rollouts<float> r(cpu_backend());
  r.trajectory.rewards = Tensor::owning({batch, steps}, DType::f32);
  Tape tape(r.context);
  CHECK_THROWS_WITH(actor_critic_loss(tape, {}, r.logits, r.values, r.trajectory),
                    Catch::Matchers::Contains("vtrace: rewards is f32 [3, 7], expected f32 [3, 8]"));
}
