// How an agent's core carries its state, where that is not simply through the episode with its gradient.
#pragma once

#include <memory>
#include <vector>

#include "nn/agent_core.h"

namespace srwm {

/// A core that forgets after every step.
class ForgetfulCore final : public AgentCore {
 public:
  explicit ForgetfulCore(std::unique_ptr<AgentCore> core) : core_(std::move(core)) {}

  std::int64_t width() const override { return core_->width(); }
  std::vector<Shape> state_shapes(std::int64_t) const override { return {}; }
  /// Every step is a sequence of its own.
  AgentCoreOutput forward(Tape& tape, const AgentCoreInput& input, ForwardMode mode) const override;

 private:
  std::unique_ptr<AgentCore> core_;
};

/// A core whose gradient does not flow from one step to the one before. First the states before all steps are computed
/// without a gradient; then every step is a sequence of its own that begins with its state. Since a state is a shift
/// from the trained initial weights, these get the gradient of every step.
class PerStepCore final : public AgentCore {
 public:
  explicit PerStepCore(std::unique_ptr<AgentCore> core) : core_(std::move(core)), shapes_(core_->state_shapes(1)) {}

  std::int64_t width() const override { return core_->width(); }
  std::vector<Shape> state_shapes(std::int64_t batch) const override { return core_->state_shapes(batch); }
  /// On a tape that does not record it is the core itself.
  AgentCoreOutput forward(Tape& tape, const AgentCoreInput& input, ForwardMode mode) const override;

 private:
  struct States {
    CoreState before;  ///< each step, [T B, ...]
    CoreState last;    ///< after the last step, [B, ...]
  };
  /// x [T, B, features].
  States states_of(Context& context, const Tensor& x, const AgentCoreInput& input, ForwardMode mode) const;

  std::unique_ptr<AgentCore> core_;
  std::vector<Shape> shapes_;  ///< of the state of one sequence, kept so that a pass allocates nothing
};

}  // namespace srwm
