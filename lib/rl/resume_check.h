// Whether a run may go on with this spec.
#pragma once

#include "run/checkpoint.h"
#include "spec/rl_spec.h"

namespace srwm {

/// A run may be resumed with other values of train.report_every, env.threads, checkpoint, test, figures and comment
/// only; with anything else changed, train.steps included, by which the learning rate falls, it would be a different
/// run: SpecError naming the keys. DataError if the checkpoint holds a model alone.
void check_resumable(const Checkpoint& checkpoint, const RlSpec& spec);

}  // namespace srwm
