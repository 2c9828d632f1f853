// Whether a run may go on with this spec and this data.
#pragma once

#include <string>

#include "run/checkpoint.h"
#include "spec/spec.h"

namespace srwm {

/// A run may be resumed with other values of train.steps, test, figures, comment, checkpoint, validation.batches and
/// train.report_every only; with anything else changed it would be a different run: SpecError naming the keys.
/// DataError if the data's digest differs.
void check_resumable(const Checkpoint& checkpoint, const ExperimentSpec& spec, const std::string& data_digest);

}  // namespace srwm
