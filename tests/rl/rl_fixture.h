// A small agent on small games, trained in a folder of its own.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>

#include "support/run_files.h"
#include "support/temp_dir.h"
#include "tasks/rl/rl_task.h"
#include "train/trainer.h"

namespace srwm::test {

/// An SRWM agent on 16x16 frames of signpost and labyrinth: a few milliseconds per update.
RlSpec small_rl_spec();

struct RlOptions {
  int threads = 2;
  bool resume = false;
  std::optional<double> max_seconds;  ///< tiny values stop before the first update
};

/// Trains in `folder` as the binary does; to update `last` only, like one that is killed there. Exceptions pass
/// through.
void train(const RlSpec& spec, const std::filesystem::path& folder, const RlOptions& options = {},
           std::optional<std::int64_t> last = std::nullopt);

}  // namespace srwm::test
