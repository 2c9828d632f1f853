// What runs of agents are compared by (train/task_type.h).
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "run/measure.h"
#include "spec/spec.h"

namespace srwm {

/// For the training levels, each test split and the mean over those ("test") the normalized scores, the mean return,
/// that of each game; nothing if the spec asks for no test.
std::vector<Measure> rl_measures(const AnySpec& spec);
std::optional<Estimate> read_rl_measure(const nlohmann::json& result, const Measure& measure);
bool is_certain_rl_measure(const Measure& measure);
bool is_rl_fraction(const Measure& measure);
/// The normalized score if such are known, else the mean return; on the test splits and on the training levels.
Measure rl_headline(bool has_normalized);
Measure rl_choice(bool has_normalized);

}  // namespace srwm
