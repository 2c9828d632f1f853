// An agent with its parameters, and what is learned from a batch of unrolls.
#pragma once

#include <cstdint>

#include "nn/agent.h"
#include "nn/parameters.h"
#include "ops/context.h"
#include "optim/rmsprop.h"
#include "rl/unrolls.h"
#include "rl/vtrace.h"
#include "spec/rl_spec.h"

namespace srwm {

/// Sums over updates since `set_totals`, as the host knows them after a wait. Losses are sums over the steps and rows
/// of a batch, as published.
struct LossTotals {
  double loss = 0, policy = 0, baseline = 0, entropy = 0;  ///< entropy: sum of pi log pi, negative
  double grad_norm = 0;                                    ///< of the last update, before clipping
  std::int64_t bad_update = 0;  ///< the first one with a loss or gradient that is not finite, from 1; 0: none
};

class RlLearner {
 public:
  /// Parameters are drawn from spec.seed.
  RlLearner(Context& context, const RlSpec& spec, FrameShape frame, std::int64_t actions);

  const Agent& agent() const { return agent_; }
  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  RmsProp& optimizer() { return optimizer_; }
  const RmsProp& optimizer() const { return optimizer_; }

  /// Gradients of the V-trace actor-critic loss (rl/vtrace.h) of a batch; rewinds step memory.
  /// Waits for nothing.
  void gradient(Context& context, const UnrollRows& batch, const TensorWatcher& watcher = {});
  /// One step of RMSProp with these gradients. Waits for nothing.
  void update(Context& context, double rate);

  /// Waits.
  LossTotals totals(Context& context) const;
  void set_totals(Context& context, const LossTotals& totals);

 private:
  ActorCriticOptions loss_;
  bool carries_;
  ParameterSet parameters_;
  Agent agent_;
  RmsProp optimizer_;
  Tensor ledger_;  ///< loss, grad_norm, bad_step; `correct` has the entropy
  Tensor parts_;   ///< a ledger whose `loss` has the baseline's part and `correct` the policy's
};

}  // namespace srwm
