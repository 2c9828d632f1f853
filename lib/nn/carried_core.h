// How the state of an agent's core lives: wrappers of any core.
#pragma once

#include <memory>
#include <vector>

#include "nn/carry_options.h"
#include "nn/core.h"

namespace srwm {

/// A core whose state is a constant shift from its initial state, W_t - W_0, so that it keeps what a sequence has
/// learned when an update changes W_0. Zeros are the initial state. The gradient flows from the state handed in to the
/// core's initial state, and from the state handed out nowhere.
class CarriedCore final : public SequenceCore {
 public:
  explicit CarriedCore(std::unique_ptr<SequenceCore> core) : core_(std::move(core)) {}

  std::int64_t width() const override { return core_->width(); }
  std::vector<Shape> state_shapes(std::int64_t batch) const override { return core_->state_shapes(batch); }
  CoreState initial_state(Tape&) const override { return {}; }
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const override;

 private:
  std::unique_ptr<SequenceCore> core_;
};

/// A core that begins every step with its initial state.
class StatelessCore final : public SequenceCore {
 public:
  explicit StatelessCore(std::unique_ptr<SequenceCore> core) : core_(std::move(core)) {}

  std::int64_t width() const override { return core_->width(); }
  std::vector<Shape> state_shapes(std::int64_t) const override { return {}; }
  CoreState initial_state(Tape&) const override { return {}; }
  /// Every step is a separate sequence.
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const override;

 private:
  std::unique_ptr<SequenceCore> core_;
};

/// A carried core whose gradient does not flow from one step to the one before. First the states before all steps are
/// computed without a gradient; then every step is a separate sequence that begins with its state. Since a state is a
/// shift from the trained initial weights, these get the gradient of every step.
class PerStepCore final : public SequenceCore {
 public:
  explicit PerStepCore(std::unique_ptr<SequenceCore> core) : core_(std::move(core)), shapes_(core_.state_shapes(1)) {}

  std::int64_t width() const override { return core_.width(); }
  std::vector<Shape> state_shapes(std::int64_t batch) const override { return core_.state_shapes(batch); }
  CoreState initial_state(Tape&) const override { return {}; }
  /// On a tape that does not record it is the core itself.
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const override;

 private:
  struct States {
    CoreState before;  ///< each step, [T B, ...]
    CoreState last;    ///< after the last step, [B, ...]
  };
  /// x [T, B, features].
  States states_of(Context& context, const Tensor& x, const CoreInput& input, ForwardMode mode) const;

  CarriedCore core_;
  std::vector<Shape> shapes_;  ///< of the state of one sequence, kept so that a pass allocates nothing
};

/// The core as the options let its state live; the core itself where it has no state.
std::unique_ptr<SequenceCore> carry(std::unique_ptr<SequenceCore> core, CarryKind kind, StateGradient gradient);

}  // namespace srwm
