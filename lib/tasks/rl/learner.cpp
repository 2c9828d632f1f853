#include "tasks/rl/learner.h"

#include <limits>

#include "autograd/tape.h"

namespace srwm {
namespace {

ActorCriticOptions loss_options(const LossSpec& loss) {
  return {.vtrace = {.discount = loss.discount,
                     .reward_limit = loss.reward_clip > 0 ? loss.reward_clip : std::numeric_limits<double>::infinity(),
                     .rho_clip = loss.rho_clip,
                     .c_clip = loss.c_clip,
                     .pg_rho_clip = loss.pg_rho_clip},
          .baseline_cost = loss.baseline_cost,
          .entropy_cost = loss.entropy_cost};
}

Schedule schedule_of(const RlSpec& spec) {
  return {.kind = spec.optim.schedule,
          .rate = spec.optim.rate,
          .warmup_steps = spec.optim.warmup_steps,
          .hidden = spec.agent.hidden,
          .total = spec.train.steps,
          .per_step = spec.train.steps_per_update(),
          .decay_steps = spec.optim.decay_steps,
          .decay = spec.optim.decay};
}

}  // namespace

RlLearner::RlLearner(Context& context, const RlSpec& spec, FrameShape frame, std::int64_t actions)
    : loss_(loss_options(spec.loss)),
      carries_(spec.agent.carry == CarryKind::episode),
      parameters_(context, spec.seed),
      agent_(parameters_, spec.agent, {frame.height, frame.width, frame.channels}, actions),
      optimizer_(context, parameters_, spec.optim, schedule_of(spec)) {}

ActorCriticLoss RlLearner::gradient(Context& context, const UnrollRows& batch, const TensorWatcher& watcher) {
  Tape tape(context);
  tape.watch(watcher);
  ActorCriticLoss loss = forward(tape, batch);
  tape.backward(loss.loss);
  return loss;
}

ActorCriticLoss RlLearner::loss(Context& context, const UnrollRows& batch) {
  Tape tape(context, Tape::Mode::forward_only);
  return forward(tape, batch);
}

ActorCriticLoss RlLearner::forward(Tape& tape, const UnrollRows& batch) const {
  const AgentInput input{.frames = batch.frames,
                         .rewards = batch.rewards,
                         .is_first = batch.is_first,
                         .state = carries_ ? &batch.state : nullptr};
  const AgentOutput out = agent_.forward(tape, input, {.training = true});
  return actor_critic_loss(
      tape, loss_, out.logits, out.values,
      {.actions = batch.actions, .log_probs = batch.log_probs, .rewards = batch.rewards, .is_first = batch.is_first});
}

}  // namespace srwm
