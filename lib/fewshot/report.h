// The outcome of a few-shot run, for result.json and for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fewshot/evaluator.h"
#include "run/result.h"

namespace srwm {

struct RunSummary {
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  std::optional<double> best_metric;  ///< best validation accuracy
  std::int64_t best_step = 0;
  std::optional<Evaluation> test;
  double wall_seconds = 0;
  double images_per_second = 0;
};

RunResult to_result(const RunSummary& summary);

/// "test accuracy 97.40 % +- 0.10 (95 % interval over 32,000 episodes)".
std::string describe(const std::string& what, const Evaluation& evaluation);

/// What a finished run tells its user, read from its result.json.
std::string describe_result(const RunPaths& paths);

}  // namespace srwm
