#include "tasks/rl/actor.h"

#include "core/clock.h"

namespace srwm {
namespace {

/// Column `step` of `rows` [N, T + 1, ...] becomes `values` [N, ...].
void store_column(Context& context, const Tensor& rows, std::int64_t step, const Tensor& values) {
  const std::int64_t n = rows.dim(0);
  const std::size_t bytes = values.bytes() / static_cast<std::size_t>(n);
  char* to = static_cast<char*>(rows.raw()) + static_cast<std::size_t>(step) * bytes;
  context.queue().copy_rows(to, static_cast<std::size_t>(rows.dim(1)) * bytes, values.raw(), bytes, bytes, n);
}

}  // namespace

Actor::Actor(Context& context, const Agent& agent, EnvGroup& group, UnrollRing& ring, std::int64_t first_env,
             bool carries)
    : group_(group),
      ring_(ring),
      policy_(context, agent, group),
      first_env_(first_env),
      carries_(carries),
      zeros_(context.persistent({group.size()}, DType::i32)) {}

void Actor::begin(Context& context, const UnrollRows& rows) {
  if (!carries_) policy_.forget(context);
  for (std::size_t i = 0; i < policy_.state().size(); ++i) {
    context.copy(rows.state.at(i).value(), policy_.state()[i]);
  }
}

void Actor::store_step(Context& context, const UnrollRows& rows, std::int64_t step) {
  store_column(context, rows.frames, step, group_.frames());
  store_column(context, rows.rewards, step, group_.rewards());
  store_column(context, rows.is_first, step, group_.is_first());
}

void Actor::choose(Context& context, const UnrollRows& rows, std::int64_t step) {
  const Clock::time_point start = Clock::now();
  const PolicyRunner::Choice choice =
      policy_.choose(context, group_, static_cast<std::uint32_t>(choices_++), first_env_);
  store_choice(context, rows, step, choice);
  group_.take(context, choice.actions);  // waits for the choice
  times_.inference += seconds_since(start);
}

void Actor::store_choice(Context& context, const UnrollRows& rows, std::int64_t step,
                         const PolicyRunner::Choice& choice) {
  store_column(context, rows.actions, step, choice.actions);
  store_column(context, rows.log_probs, step, choice.log_probs);
}

void Actor::store_no_choice(Context& context, const UnrollRows& rows) {
  store_column(context, rows.actions, ring_.unroll(), zeros_);
  store_column(context, rows.log_probs, ring_.unroll(), zeros_);
}

void Actor::wait(Context& context, EpisodeFigures& figures) {
  const Clock::time_point start = Clock::now();
  group_.act();
  group_.observe(context, figures);
  times_.env += seconds_since(start);
}

}  // namespace srwm
