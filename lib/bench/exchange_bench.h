// What the exchange between ranks costs.
#pragma once

#include <vector>

#include "bench/result.h"
#include "comm/ranks.h"
#include "ops/context.h"

namespace srwm {

/// Messages of 8 bytes to 64 MB, of which each rank has one: everybody gets all of them ("all-gather"), everybody gets
/// a slice of each ("all-to-all"), and the sum of the ranks' gradients as training forms it ("ordered sum", train/
/// step_exchange.h). Called by all ranks with the same arguments; InternalError if a sum has the wrong bits. Bytes are
/// those that a rank receives.
std::vector<BenchResult> bench_exchange(Context& context, Ranks& ranks, double seconds);

}  // namespace srwm
