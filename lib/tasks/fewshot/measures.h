// What few-shot runs are compared by (train/task_type.h).
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "run/measure.h"
#include "spec/spec.h"

namespace srwm {

/// Accuracy on the test split, that of each order and each task of sequences too, and on the validation split.
std::vector<Measure> fewshot_measures(const AnySpec& spec);
/// Either order, then each of the two; nothing unless the spec asks for a test of the protocol "sequential".
std::vector<SequenceMeasures> fewshot_sequence_measures(const AnySpec& spec);
std::optional<Estimate> read_fewshot_measure(const nlohmann::json& result, const Measure& measure);
bool is_certain_fewshot_measure(const Measure& measure);
bool is_fewshot_fraction(const Measure& measure);

}  // namespace srwm
