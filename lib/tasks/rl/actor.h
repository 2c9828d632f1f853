// Playing a group of environments, unroll by unroll.
#pragma once

#include <cstdint>

#include "tasks/rl/policy_runner.h"
#include "tasks/rl/unrolls.h"

namespace srwm {

/// Seconds spent, by what they were spent on.
struct ActorTimes {
  double env = 0;        ///< waiting for environments
  double inference = 0;  ///< choosing actions
};

/// Plays one group with an agent that may be changed between two choices, and writes what happens to a ring.
class Actor {
 public:
  /// `first_env` numbers the group's environments among all of the run. `carries`: whether the agent's state outlives
  /// an unroll.
  Actor(Context& context, const Agent& agent, EnvGroup& group, UnrollRing& ring, std::int64_t first_env, bool carries);

  /// Plays the unrolls of all environments into the ring's rows from `row` on. Each begins with the step that the one
  /// before it ended with. `locked(work)` does `work` while nobody changes the agent.
  template <typename Locked>
  void unroll(Context& context, std::int64_t row, EpisodeFigures& figures, const Locked& locked);
  void unroll(Context& context, std::int64_t row, EpisodeFigures& figures) {
    unroll(context, row, figures, [](const auto& work) { work(); });
  }

  PolicyRunner& policy() { return policy_; }
  EnvGroup& group() { return group_; }
  std::int64_t first_env() const { return first_env_; }
  const ActorTimes& times() const { return times_; }

  /// Choices made so far: the random numbers go on from there.
  std::int64_t choices() const { return choices_; }
  void set_choices(std::int64_t choices) { choices_ = choices; }

 private:
  void begin(Context& context, const UnrollRows& rows);
  void store_step(Context& context, const UnrollRows& rows, std::int64_t step);
  void choose(Context& context, const UnrollRows& rows, std::int64_t step);
  void store_choice(Context& context, const UnrollRows& rows, std::int64_t step, const PolicyRunner::Choice& choice);
  /// The last step's choice belongs to the next unroll: zeros, so that equal runs leave equal bytes.
  void store_no_choice(Context& context, const UnrollRows& rows);
  void wait(Context& context, EpisodeFigures& figures);

  EnvGroup& group_;
  UnrollRing& ring_;
  PolicyRunner policy_;
  std::int64_t first_env_, choices_ = 0;
  bool carries_;
  Tensor zeros_;  ///< i32 [N]
  ActorTimes times_;
};

template <typename Locked>
void Actor::unroll(Context& context, std::int64_t row, EpisodeFigures& figures, const Locked& locked) {
  const UnrollRows rows = ring_.at(row, group_.size());
  begin(context, rows);
  for (std::int64_t step = 0; step < ring_.unroll(); ++step) {
    store_step(context, rows, step);
    locked([&] { choose(context, rows, step); });
    wait(context, figures);
  }
  store_step(context, rows, ring_.unroll());
  store_no_choice(context, rows);
}

}  // namespace srwm
