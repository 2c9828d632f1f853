// Playing without an agent: to measure and to look at environments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/tensor.h"
#include "env/vector_env.h"

namespace srwm {

/// Uniform actions in [0, actions), one per environment, as functions of (seed, step, environment).
void draw_actions(std::uint64_t seed, std::uint32_t step, int actions, std::span<std::int32_t> to);

struct PlaySummary {
  std::int64_t steps = 0;     ///< of all environments together
  std::int64_t episodes = 0;  ///< that ended
  double seconds = 0;
  double mean_return = 0;  ///< over these episodes
  double mean_length = 0;
};

/// Steps a started VectorEnv with uniformly random actions, which follow from `seed`, for about so many seconds.
PlaySummary play_randomly(VectorEnv& env, const EnvMemory& memory, double seconds, std::uint64_t seed);

/// What happened to one environment.
struct Recording {
  Tensor frames;  ///< u8 [steps + 1, H, W, C], the frame before the first step first
  std::vector<std::int32_t> actions;
  std::vector<float> rewards;
  std::vector<bool> ended;  ///< whether the step ended the episode
};

/// Plays `steps` steps of environment 0, the others doing the same; `actions` are repeated, empty: random ones.
Recording record_play(VectorEnv& env, const EnvMemory& memory, std::int64_t steps,
                      const std::vector<std::int32_t>& actions, std::uint64_t seed);

}  // namespace srwm
