// The agents of the reinforcement-learning experiments: an image encoder, a core that remembers, a policy and a value.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/core.h"
#include "nn/impala.h"
#include "tasks/rl/agent_options.h"

namespace srwm {

/// T steps of B environments, on the device, batch first. Step t of a row is what the environment showed before the
/// agent's t-th action.
struct AgentInput {
  Tensor frames;  ///< u8 [B, T, H, W, C]
  Tensor
      rewards;  ///< f32 [B, T]: of the action before, as the environment gave it; the agent sees it clipped to [-1, 1]
  Tensor
      is_first;  ///< u8 [B, T] or absent: 1 where an episode begins; the state goes back to its initial value before it
  /// State before the first step, as AgentOutput::state gave it; absent: the initial state. The state of a fast-weight
  /// core is W_t - W_0, so that it stays meaningful when an update changes W_0. Zeros are the initial state.
  const CoreState* state = nullptr;
};

/// All in step memory.
struct AgentOutput {
  Variable logits;  ///< [B T, actions], row b T + t
  Variable values;  ///< [B T]
  CoreState state;  ///< after the last step, tensors shaped by state_shapes(B), without a gradient
};

/// Features of the frame (nn/impala.h) and the clipped last reward -> core (nn/core.h) -> linear layers `policy`
/// and `baseline`. Parameters have the names of the authors' state_dict.
class Agent {
 public:
  Agent(ParameterSet& set, const AgentOptions& options, const ImageShape& frame, std::int64_t actions);

  /// On a recording tape gradients flow as the options say; acting wants a forward-only one.
  AgentOutput forward(Tape& tape, const AgentInput& input, ForwardMode mode) const;

  /// Shapes of the state's tensors for B environments, all of the context's real type, first axis B; empty where
  /// nothing is carried (feed-forward cores, CarryKind::step).
  std::vector<Shape> state_shapes(std::int64_t batch) const;
  std::int64_t actions() const { return actions_; }

 private:
  Variable features(Tape& tape, const AgentInput& input, ForwardMode mode) const;

  ImageShape frame_;
  std::int64_t actions_;
  DropoutSites sites_;
  Impala encoder_;
  std::unique_ptr<SequenceCore> core_;
  LinearLayer policy_, baseline_;
};

}  // namespace srwm
