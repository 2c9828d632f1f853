// The loss of an actor-critic, given targets and advantages.
#pragma once

#include "ops/op.h"

namespace srwm {

/// With pi = softmax(logits[b, t]), sums over b and over t < T, the last of T + 1 steps being there to bootstrap only:
///     policy   = -sum log pi(actions[b, t]) advantages[b, t]
///     baseline = sum 1/2 (vs[b, t] - values[b, t])^2
///     entropy  = sum_{b, t} sum_a pi(a) log pi(a)
///     loss     = policy + baseline_cost baseline + entropy_cost entropy
/// Inputs: logits [B, T + 1, A], values [B, T + 1]. Outputs, [1] each: `loss`, the only one with a gradient, and its
/// parts. The gradient of the last step is zero.
struct ActorCritic {
  static constexpr const char* name = "actor_critic";
  static constexpr int inputs = 2, outputs = 4;
  enum In { logits, values };
  enum Out { loss, policy, baseline, entropy };
  Tensor actions;     ///< i32 [B, T + 1] in [0, A)
  Tensor vs;          ///< [B, T] of the type of values
  Tensor advantages;  ///< [B, T]
  double baseline_cost = 0.5;
  double entropy_cost = 0.01;

  struct Saved {
    Tensor log_probs;  // log pi, [B, T + 1, A]
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
