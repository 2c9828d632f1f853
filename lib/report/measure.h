// What runs are compared by: which metrics of result.json depends on the task (train/task_type.h).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "run/measure.h"
#include "spec/spec.h"

namespace srwm {

/// All that a run of the spec may end with, in the order of reports: nothing if it asks for no test.
std::vector<Measure> measures_of(const AnySpec& spec);
/// Those of sequences of two tasks: either order, then each of the two; mostly none.
std::vector<SequenceMeasures> sequence_measures_of(const AnySpec& spec);
/// Of the task of that name: whether the measure counts from 0 to 1, so that people read it in percent.
bool is_fraction(std::string_view task, const Measure& measure);
/// The measure on the test split that stands for a run, and that published values are
/// compared with; what settings are chosen by. `has_normalized`: whether scores with a common scale are known.
Measure test_measure(std::string_view task, bool has_normalized);
Measure choice_measure(std::string_view task, bool has_normalized);

}  // namespace srwm
