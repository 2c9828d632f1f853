// Checkpoints of a run of several ranks: rank 0 alone reads and writes files.
#pragma once

#include <filesystem>

#include "comm/ranks.h"
#include "run/checkpoint.h"

namespace srwm {

/// load_checkpoint on rank 0, whose file all ranks get.
Checkpoint load_on_all_ranks(const std::filesystem::path& path, Ranks& ranks);

/// Adds what the other ranks have in `state` to that of rank 0.
void gather_state(State& state, Ranks& ranks);

/// Whether all ranks have the model and optimizer of rank 0: DeviceError naming the first that has not, on all ranks.
void check_same_on_all_ranks(const Checkpoint& checkpoint, Ranks& ranks);

}  // namespace srwm
