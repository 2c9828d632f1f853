// What few-shot training takes of the memory, before it does.
#pragma once

#include <cstdint>

#include "ops/context.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "train/memory_estimate.h"

namespace srwm {

/// Measured on a CPU with one and with two of the spec's longest episodes.
MemoryEstimate estimate_memory(const ExperimentSpec& spec, int threads, const FewShotData& data);

/// DeviceError if `runs` runs of this spec at once need more memory than this process can use. Looks at nothing where
/// `context` is that of a GPU, whose memory is its own.
void check_memory(const ExperimentSpec& spec, const Context& context, const FewShotData& data, std::int64_t runs = 1);

}  // namespace srwm
