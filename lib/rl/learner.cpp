#include "rl/learner.h"

#include <array>
#include <limits>

#include "autograd/tape.h"
#include "ops/backend.h"

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

using LedgerNumbers = std::array<double, Ledger::size>;

}  // namespace

RlLearner::RlLearner(Context& context, const RlSpec& spec, FrameShape frame, std::int64_t actions)
    : loss_(loss_options(spec.loss)),
      carries_(spec.agent.carry == CarryKind::episode),
      parameters_(context, spec.seed),
      agent_(parameters_, spec.agent, {frame.height, frame.width, frame.channels}, actions),
      optimizer_(context, parameters_, spec.optim),
      ledger_(context.persistent({Ledger::size}, DType::f64)),
      parts_(context.persistent({Ledger::size}, DType::f64)) {}

void RlLearner::gradient(Context& context, const UnrollRows& batch, const TensorWatcher& watcher) {
  context.rewind();
  parameters_.zero_grad();
  Tape tape(context);
  tape.watch(watcher);
  const AgentInput input{.frames = batch.frames,
                         .rewards = batch.rewards,
                         .first = batch.first,
                         .state = carries_ ? &batch.state : nullptr};
  const AgentOutput out = agent_.forward(tape, input, {.training = true});
  const ActorCriticLoss loss = actor_critic_loss(
      tape, loss_, out.logits, out.values,
      {.actions = batch.actions, .log_probs = batch.log_probs, .rewards = batch.rewards, .first = batch.first});
  tape.backward(loss.loss);
  context.backend().updates.add_outcome(context, {loss.loss.value(), loss.entropy.value(), ledger_});
  context.backend().updates.add_outcome(context, {loss.baseline.value(), loss.policy.value(), parts_});
}

void RlLearner::update(Context& context, double rate) {
  optimizer_.prepare(context, rate);
  optimizer_.apply(context, ledger_);
}

LossTotals RlLearner::totals(Context& context) const {
  LedgerNumbers ledger{}, parts{};
  context.download(ledger.data(), ledger_);
  context.download(parts.data(), parts_);
  return {.loss = ledger[Ledger::loss],
          .policy = parts[Ledger::correct],
          .baseline = parts[Ledger::loss],
          .entropy = ledger[Ledger::correct],
          .grad_norm = ledger[Ledger::grad_norm],
          .bad_update = static_cast<std::int64_t>(ledger[Ledger::bad_step])};
}

void RlLearner::set_totals(Context& context, const LossTotals& totals) {
  LedgerNumbers ledger{}, parts{};
  ledger[Ledger::loss] = totals.loss;
  ledger[Ledger::correct] = totals.entropy;
  ledger[Ledger::grad_norm] = totals.grad_norm;
  ledger[Ledger::bad_step] = static_cast<double>(totals.bad_update);
  parts[Ledger::loss] = totals.baseline;
  parts[Ledger::correct] = totals.policy;
  context.upload(ledger_, ledger.data());
  context.upload(parts_, parts.data());
}

}  // namespace srwm
