#include "tasks/rl/vtrace.h"

#include "ops/actor_critic.h"

namespace srwm {

ActorCriticLoss actor_critic_loss(Tape& tape, const ActorCriticOptions& options, const Variable& logits,
                                  const Variable& values, const Trajectory& trajectory) {
  Context& context = tape.context();
  const std::int64_t batch = trajectory.actions.dim(0), steps = trajectory.actions.dim(1);
  const Variable policy = logits.reshaped({batch, steps, logits.shape()[-1]});
  const Variable baseline = values.reshaped({batch, steps});
  const VTrace vtrace{.options = options.vtrace,
                      .logits = policy.value(),
                      .values = baseline.value(),
                      .actions = trajectory.actions,
                      .log_probs = trajectory.log_probs,
                      .rewards = trajectory.rewards,
                      .is_first = trajectory.is_first,
                      .vs = context.empty({batch, steps - 1}),
                      .advantages = context.empty({batch, steps - 1})};
  context.backend().updates.vtrace(context, vtrace);
  const ActorCritic op{.actions = trajectory.actions,
                       .vs = vtrace.vs,
                       .advantages = vtrace.advantages,
                       .baseline_cost = options.baseline_cost,
                       .entropy_cost = options.entropy_cost};
  const auto parts = tape.apply(op, {policy, baseline});
  return {.loss = parts[ActorCritic::loss],
          .policy = parts[ActorCritic::policy],
          .baseline = parts[ActorCritic::baseline],
          .entropy = parts[ActorCritic::entropy]};
}

}  // namespace srwm
