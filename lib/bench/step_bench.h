// Speed of whole training steps and of evaluation.
#pragma once

#include <vector>

#include "bench/result.h"
#include "fewshot/data.h"
#include "spec/spec.h"

namespace srwm {

/// Training steps (drawing, gathering, forward, backward, optimizer) of a spec and forward passes as in evaluation, for
/// about `seconds` each, then where the time of a step goes, op by op.
std::vector<BenchResult> bench_step(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds);

}  // namespace srwm
