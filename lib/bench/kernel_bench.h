// Speed of single ops.
#pragma once

#include <vector>

#include "bench/result.h"
#include "ops/context.h"

namespace srwm {

/// The ops of the published models, forward and backward apart, on the context's device; convolutions and linear layers
/// in every precision that it computes in. `scale` divides batches, down to one episode, so that a test takes no time.
/// Altogether about `seconds`, or what three calls of each take.
///
/// The fast-weight ops come with (B 128, H 16) and (B 32, H 8), each with d 16, 32, 64 and T 6, 26, 51, 150; on a CPU
/// the longer and larger of them are left out.
std::vector<BenchResult> bench_kernels(Context& context, double seconds, std::int64_t scale = 1);

}  // namespace srwm
