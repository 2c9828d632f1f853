// V-trace targets and advantages: a function without a gradient, in every backend.
#pragma once

#include "core/tensor.h"
#include "ops/context.h"

namespace srwm {

struct VTraceOptions {
  double discount = 0.99;
  double reward_limit = 1;  ///< rewards are clipped to [-limit, limit]; infinity: not
  double rho_clip = 1, c_clip = 1, pg_rho_clip = 1;
};

/// Espeholt et al., 2018, eq. 1 in its recursive form, for t = T-1 .. 0 of each of B sequences of T + 1 steps, with
/// rho_t = pi(a_t | x_t) / mu(a_t | x_t), r_t = rewards[t + 1] clipped, gamma_t = discount, or 0 where is_first[t + 1]:
///     delta_t = min(rho_clip, rho_t) (r_t + gamma_t V_{t+1} - V_t)
///     vs_t    = V_t + delta_t + gamma_t min(c_clip, rho_t) (vs_{t+1} - V_{t+1}),          vs_T = V_T
///     advantage_t = min(pg_rho_clip, rho_t) (r_t + gamma_t vs_{t+1} - V_t)
/// All tensors are on one device.
struct VTrace {
  VTraceOptions options;
  Tensor logits;      ///< real [B, T + 1, A]: pi
  Tensor values;      ///< real [B, T + 1]: V
  Tensor actions;     ///< i32 [B, T + 1] in [0, A)
  Tensor log_probs;   ///< f32 [B, T + 1]: log mu(a_t | x_t)
  Tensor rewards;     ///< f32 [B, T + 1]
  Tensor is_first;    ///< u8 [B, T + 1]
  Tensor vs;          ///< out, real [B, T]
  Tensor advantages;  ///< out, real [B, T]

  /// ShapeError unless the shapes fit.
  void check() const;
};

/// The body for host tensors with numbers of type `Real`.
template <typename Real>
void vtrace_on_host(Context& context, const VTrace& vtrace);

}  // namespace srwm
