// What runs of learning rules are compared by, in reports and tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "run/measure.h"
#include "spec/spec.h"

namespace srwm {

/// "accuracy" and "late_accuracy" of the test, the same for each of its datasets ("accuracy on mnist"), "accuracy" of
/// the validation.
std::vector<Measure> vsml_measures(const AnySpec& spec);
std::optional<Estimate> read_vsml_measure(const nlohmann::json& result, const Measure& measure);
bool is_certain_vsml_measure(const Measure& measure);
/// All of them are accuracies.
bool is_vsml_fraction(const Measure& measure);

/// What the sections of result.json say, for people.
std::string describe_vsml_result(const nlohmann::json& result);

}  // namespace srwm
