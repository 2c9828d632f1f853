// Speed of single ops.
#pragma once

#include <vector>

#include "bench/result.h"
#include "core/context.h"

namespace srwm {

/// Forward and backward of the ops that training spends its time in, at the sizes of the paper's Omniglot experiment
/// with a batch of `episodes` episodes of six images.
std::vector<BenchResult> bench_ops(Context& context, std::int64_t episodes, double seconds);

}  // namespace srwm
