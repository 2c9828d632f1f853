// An agent in front of a group of environments.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/context.h"
#include "tasks/rl/agent.h"
#include "tasks/rl/env_group.h"

namespace srwm {

/// Chooses actions for what a group shows and keeps the agent's state for each of its environments, on the device, as a
/// shift from the initial one, so that it goes on making sense when the weights change.
class PolicyRunner {
 public:
  PolicyRunner(Context& context, const Agent& agent, const EnvGroup& group);

  struct Choice {
    Tensor actions;    ///< i32 [N]
    Tensor log_probs;  ///< f32 [N]
  };
  /// One action for each environment, in step memory, which is rewound first; the state goes on. `number` counts
  /// choices, `first_env` the environments of other groups: both choose the random numbers.
  Choice choose(Context& context, const EnvGroup& group, std::uint32_t number, std::int64_t first_env,
                bool greedy = false);

  /// Tensors [N, ...]; empty where nothing is carried.
  const std::vector<Tensor>& state() const { return state_; }
  /// Back to the initial state.
  void forget(Context& context);

 private:
  const Agent* agent_;
  std::vector<Tensor> state_;
};

}  // namespace srwm
