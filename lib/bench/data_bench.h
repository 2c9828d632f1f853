// Speed of the data of training.
#pragma once

#include <vector>

#include "bench/result.h"
#include "train/task.h"

namespace srwm {

/// Getting the data of a step of `passes` passes (for agents: playing), and staging it on the device. About `seconds`.
std::vector<BenchResult> bench_data(Context& context, Task& task, std::int64_t passes, double seconds);

}  // namespace srwm
