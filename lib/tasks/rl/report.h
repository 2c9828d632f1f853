// The outcome of reinforcement learning, for result.json and for people.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "tasks/rl/evaluator.h"
#include "tasks/rl/scores.h"

namespace srwm {

/// Scores of all splits, and what is made of them.
struct RlScores {
  std::vector<std::pair<RlSplit, RlEvaluation>> splits;
  std::vector<std::optional<ScoreRange>> paper, code;  ///< by game
};

/// With the constants of the spec's games.
RlScores empty_scores(const RlSpec& spec, const EnvLibrary& library);

/// Mean of the games' normalized returns; none unless all games have constants.
std::optional<Estimate> normalized_mean(const RlEvaluation& evaluation,
                                        const std::vector<std::optional<ScoreRange>>& ranges);

/// A section for each split (each game's mean return, `mean_return`, `normalised_paper`, `normalised_code`, each with
/// its interval, `<name>_ci95`; `episodes`), "test" with the means over the test splits, if there are any, and "splits"
/// with the names of the splits.
std::vector<std::pair<std::string, nlohmann::ordered_json>> to_sections(const RlScores& scores);

/// A table of mean returns, a line for each game, a column for each split.
std::string describe(const RlScores& scores);

/// A line for each section of a finished run's result.json.
std::string describe_rl_result(const nlohmann::json& result);

}  // namespace srwm
