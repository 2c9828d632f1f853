// Small runs on several ranks, as threads of this process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spec/spec.h"
#include "train/task.h"

namespace srwm::test {

/// A kind of run whose bits must not depend on the number of ranks. A feature that ranks could get wrong adds a row.
struct RankCase {
  const char* name;
  std::function<std::unique_ptr<AnySpec>()> spec;
};
const std::vector<RankCase>& rank_cases();

struct RankRun {
  int ranks = 1;
  std::optional<std::int64_t> last;                 ///< ends there, as if killed; none: at the end
  std::function<void(int rank, Task& task)> spoil;  ///< may break a rank's task before it trains
};

/// Trains in `folder`, or resumes the run there.
void train_on_ranks(const AnySpec& spec, const std::filesystem::path& folder, const RankRun& run);

/// What is not the same in two finished runs, but for the clock and the provenance of results; empty if nothing.
std::string differences_of_runs(const std::filesystem::path& one, const std::filesystem::path& other);

}  // namespace srwm::test
