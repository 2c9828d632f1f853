// What a spec would take, found by running one batch.
#pragma once

#include <string>

#include "fewshot/data.h"
#include "spec/spec.h"

namespace srwm {

/// The same with the longest episodes of its training from the first batch on: all ways, nothing trimmed.
ExperimentSpec with_longest_episodes(ExperimentSpec spec);

/// Builds the model, trains on one batch without an optimizer, and describes it: parameters tensor by tensor, memory,
/// loss, time per step. Throws what training would throw.
std::string describe_dry_run(const ExperimentSpec& spec, Context& context, const FewShotData& data);

}  // namespace srwm
