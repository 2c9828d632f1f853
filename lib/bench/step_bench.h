// Speed of whole training steps.
#pragma once

#include <vector>

#include "bench/result.h"
#include "spec/spec.h"
#include "train/task.h"

namespace srwm {

/// Training steps of a task as training does them (data, staging, forward, backward, optimizer; replayed on a device
/// that can record), forward passes alone, and where the time of a step goes, in about `seconds` altogether:
/// - on a GPU, "host's part": until a step has been handed to an idle device; it hides behind the device's part if it
/// is shorter;
/// - on a GPU, "device's part: ...": gradient and optimizer, each replayed alone;
/// - "in turn: ...": the parts one by one, each waited for, forward and backward launched op by op;
/// - "in a step: ...": the ops of such a step, each waited for: on a GPU a launch, some 5 microseconds, is part of
/// each.
/// The parts are those of the first pass of a step. With a population only the first two are measured.
std::vector<BenchResult> bench_step(Context& context, Task& task, const LoopOptions& loop, std::uint64_t seed,
                                    double seconds);

}  // namespace srwm
