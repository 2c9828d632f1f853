// srwm eval on checkpoints of reinforcement learning.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "run/checkpoint.h"
#include "spec/rl_spec.h"
#include "srwm/session.h"

namespace srwm {

struct RlEvalOptions {
  std::string split;      ///< empty: all
  std::string data_dir;   ///< where procgen is
  std::string video;      ///< folder; empty: none
  std::int64_t episodes;  ///< of each game and split; 0: as the spec says
  bool json;
  DeviceOptions device;
};

/// Plays with the checkpoint's agent and prints returns, raw and normalised.
void evaluate_rl(const Checkpoint& checkpoint, const std::filesystem::path& path, const RlSpec& spec,
                 const RlEvalOptions& options);

}  // namespace srwm
