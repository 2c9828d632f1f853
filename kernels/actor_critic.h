// Actor-critic learning with V-trace: targets, loss, draws of actions. Definitions: lib/ops/vtrace.h,
// lib/ops/actor_critic.h, lib/ops/sample_actions.h.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// B sequences of T + 1 steps, of which `steps` = T count, and A actions.
struct TrajectorySizes {
  int batch, steps, actions;

  __host__ __device__ std::int64_t rows() const { return static_cast<std::int64_t>(batch) * (steps + 1); }
};

struct VTraceLaunch {
  TrajectorySizes sizes;
  const float *logits, *values;   ///< [B, T + 1, A], [B, T + 1]
  const std::int32_t* taken;      ///< [B, T + 1]
  const float *log_mu, *rewards;  ///< [B, T + 1]
  const std::uint8_t* is_first;   ///< [B, T + 1]
  float discount, reward_limit, rho_clip, c_clip, pg_rho_clip;
  float* rhos;             ///< [B, T + 1]: room for pi / mu
  float *vs, *advantages;  ///< [B, T]
};
void vtrace(cudaStream_t stream, const VTraceLaunch& p);

struct ActorCriticLaunch {
  TrajectorySizes sizes;
  const float *logits, *values;  ///< [B, T + 1, A], [B, T + 1]
  const std::int32_t* taken;     ///< [B, T + 1]
  const float *vs, *advantages;  ///< [B, T]
  float baseline_cost, entropy_cost;
};
struct ActorCriticForward {
  ActorCriticLaunch of;
  float* log_pi;                              ///< [B, T + 1, A], the last step of each sequence left out
  float* partial;                             ///< [3, B T]: room for each step's parts
  float *loss, *policy, *baseline, *entropy;  ///< one number each
};
void actor_critic(cudaStream_t stream, const ActorCriticForward& p);

struct ActorCriticBackward {
  ActorCriticLaunch of;
  const float* log_pi;  ///< as forward left it
  const float* dL_dloss;
  float* dL_dlogits;  ///< [B, T + 1, A], or nullptr: not needed
  bool accumulate_logits;
  float* dL_dvalues;  ///< [B, T + 1], or nullptr: not needed
  bool accumulate_values;
};
void actor_critic_backward(cudaStream_t stream, const ActorCriticBackward& p);

struct SampleLaunch {
  const float* logits;  ///< [rows, actions]
  std::int64_t rows;
  int actions;
  bool greedy;
  std::uint32_t key0, key1, stream;
  const std::uint32_t* step;  ///< on the device; not read if greedy
  std::uint64_t first_block;
  std::int32_t* taken;  ///< [rows]
  float* log_probs;     ///< [rows]
};
void sample_actions(cudaStream_t stream, const SampleLaunch& p);

}  // namespace srwm::cuda
