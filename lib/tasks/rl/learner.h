// An agent with its parameters, and what is learned from a batch of unrolls.
#pragma once

#include <array>
#include <string_view>

#include "nn/parameters.h"
#include "ops/context.h"
#include "optim/rmsprop.h"
#include "tasks/rl/agent.h"
#include "tasks/rl/rl_spec.h"
#include "tasks/rl/unrolls.h"
#include "tasks/rl/vtrace.h"

namespace srwm {

class RlLearner {
 public:
  /// Parameters are drawn from spec.seed.
  RlLearner(Context& context, const RlSpec& spec, FrameShape frame, std::int64_t actions);

  const Agent& agent() const { return agent_; }
  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  RmsProp& optimizer() { return optimizer_; }

  /// Gradients of the V-trace actor-critic loss (tasks/rl/vtrace.h) of a batch, in step memory. Waits for nothing: can
  /// be recorded.
  ActorCriticLoss gradient(Context& context, const UnrollRows& batch, const TensorWatcher& watcher = {});
  /// The same loss without gradients.
  ActorCriticLoss loss(Context& context, const UnrollRows& batch);

 private:
  ActorCriticLoss forward(Tape& tape, const UnrollRows& batch) const;

  ActorCriticOptions loss_;
  bool carries_;
  ParameterSet parameters_;
  Agent agent_;
  RmsProp optimizer_;
};

}  // namespace srwm
