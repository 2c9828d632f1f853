// result.json: what came out of a run, and everything needed to say how.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "run/run_folder.h"
#include "run/statement.h"

namespace srwm {

using ResultValue = std::variant<std::int64_t, double, std::string>;

/// An object of result.json: {"test", {{"accuracy", 0.97}, {"ci95", 0.001}, {"episodes", 32000}}}.
struct ResultSection {
  std::string name;
  std::vector<std::pair<std::string, ResultValue>> values;
};

struct RunResult {
  std::vector<ResultSection> sections;  ///< "test" first; "validation"
  std::int64_t steps = 0;
  double wall_seconds = 0;  ///< all sittings together
  double images_per_second = 0;
  std::uint64_t seed = 0;
};

/// The text of result.json. Figures that are not finite become null.
std::string result_json(const RunResult& result, const Statement& statement);
/// Writes result.json whole or not at all.
void write_result(const RunPaths& paths, const RunResult& result, const Statement& statement);

}  // namespace srwm
