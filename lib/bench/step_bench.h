// Speed of whole training steps and of evaluation.
#pragma once

#include <vector>

#include "bench/result.h"
#include "fewshot/data.h"
#include "spec/spec.h"

namespace srwm {

/// Training steps of a spec as training does them (drawing, staging, forward, backward, optimizer; replayed on a device
/// that can record), forward passes as in evaluation, and where the time of a step goes, in about `seconds` altogether:
/// - on a GPU, "host's part": until a step has been handed to an idle device; it hides behind the device's part if it
/// is shorter;
/// - on a GPU, "device's part: ...": gradient (gather, forward, backward) and optimizer, each replayed by itself;
/// - "in turn: ...": the parts one by one, each waited for, forward and backward launched op by op;
/// - "in a step: ...": the ops of such a step, each waited for: on a GPU a launch, some 5 microseconds, is part of
/// each.
std::vector<BenchResult> bench_step(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds);

}  // namespace srwm
