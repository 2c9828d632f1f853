// Speed of what comes before the model.
#pragma once

#include <vector>

#include "bench/result.h"
#include "fewshot/data.h"
#include "spec/spec.h"

namespace srwm {

/// Drawing episodes, staging them (what a pass reads besides parameters and images goes to the device), and gathering
/// their images into a normalised, rotated batch there.
std::vector<BenchResult> bench_data(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                                    double seconds);

}  // namespace srwm
