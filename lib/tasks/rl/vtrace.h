// The V-trace actor-critic loss of IMPALA (Espeholt et al., 2018).
#pragma once

#include "autograd/tape.h"
#include "ops/vtrace.h"

namespace srwm {

struct ActorCriticOptions {
  VTraceOptions vtrace;
  double baseline_cost = 0.5;
  double entropy_cost = 0.01;
};

/// What the actors saw and did, batch first, T + 1 steps: the buffers that go into the agent serve here as they are.
/// Action t is the answer to step t; its reward, and whether it ended the episode, stand at step t + 1. The last step
/// gives the value to bootstrap from and nothing else: its action and log-probability are not read, nor are the first
/// step's reward and `first`.
struct Trajectory {
  Tensor actions;    ///< i32 [B, T + 1]
  Tensor log_probs;  ///< f32 [B, T + 1]: of the actions, under the policy that chose them
  Tensor rewards;    ///< f32 [B, T + 1], as the environment gave them
  Tensor is_first;   ///< u8 [B, T + 1]
};

/// Sums over the B T steps; loss = policy + baseline_cost baseline + entropy_cost entropy.
struct ActorCriticLoss {
  Variable loss;      ///< [1], the only one with a gradient
  Variable policy;    ///< [1]: sum of -log pi(a) advantage
  Variable baseline;  ///< [1]: sum of 1/2 (vs - V)^2
  Variable entropy;   ///< [1]: sum of pi log pi, the entropy with a minus
};

/// Of the agent's logits [B (T + 1), A] and values [B (T + 1)]. No gradient flows into vs and the advantages.
ActorCriticLoss actor_critic_loss(Tape& tape, const ActorCriticOptions& options, const Variable& logits,
                                  const Variable& values, const Trajectory& trajectory);

}  // namespace srwm
