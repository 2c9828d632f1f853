// The outcome of a few-shot run for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tasks/fewshot/evaluator.h"

namespace srwm {

/// "test accuracy 97.40 % +- 0.10 (95 % interval over 32,000 episodes)".
std::string describe(const std::string& what, const Evaluation& evaluation);

/// The same of a finished run's result.json, and the best validation.
std::string describe_fewshot_result(const nlohmann::json& result);

}  // namespace srwm
