// result.json: what came out of a run, and everything needed to say how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/run_folder.h"
#include "run/statement.h"

namespace srwm {

struct RunResult {
  /// Objects of result.json by name: "test" first, then "validation".
  std::vector<std::pair<std::string, nlohmann::ordered_json>> sections;
  std::int64_t steps = 0;
  double wall_seconds = 0;                  ///< all sittings together
  std::optional<double> images_per_second;  ///< few-shot
  std::optional<double> steps_per_second;   ///< reinforcement learning: of environments
  std::uint64_t seed = 0;
};

/// The text of result.json. Figures that are not finite become null.
std::string result_json(const RunResult& result, const Statement& statement);
/// Writes result.json whole or not at all.
void write_result(const RunPaths& paths, const RunResult& result, const Statement& statement);

/// What `describe` makes of a finished run's result.json. DataError if it lacks what `describe` reads.
std::string describe_result_file(const RunPaths& paths,
                                 std::string (*describe)(const nlohmann::json& result, const RunPaths& paths));

}  // namespace srwm
