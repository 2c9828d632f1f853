// result.json: what came out of a run, and everything needed to say how.
#pragma once

#include <cstdint>
#include <functional>
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
  double wall_seconds = 0;  ///< all sittings together
  /// Name and value: "images_per_second", "steps_per_second" (of environments).
  std::pair<std::string, double> speed;
  std::uint64_t seed = 0;
};

/// A seed for JSON: a number, or its digits as a string where a reader that takes numbers for doubles would round it.
nlohmann::ordered_json seed_as_json(std::uint64_t seed);
/// The text of result.json. Figures that are not finite become null.
std::string result_json(const RunResult& result, const Statement& statement);
/// Writes result.json whole or not at all.
void write_result(const RunPaths& paths, const RunResult& result, const Statement& statement);

/// What `describe` makes of a finished run's result.json. DataError if it lacks what `describe` reads.
std::string describe_result_file(const RunPaths& paths,
                                 const std::function<std::string(const nlohmann::json& result)>& describe);

}  // namespace srwm
