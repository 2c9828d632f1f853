// What the training of an agent takes of the memory, before it does.
#pragma once

#include <cstdint>
#include <memory>

#include "env/env_library.h"
#include "ops/context.h"
#include "tasks/rl/rl_spec.h"
#include "train/memory_estimate.h"

namespace srwm {

/// Measured on a CPU with one and with two unrolls, of frames as one environment of each game shows them; `state` has
/// the unrolls that wait to be learned from. Errors of VectorEnv.
MemoryEstimate estimate_memory(const RlSpec& spec, int threads, const std::shared_ptr<const EnvLibrary>& library);

/// DeviceError if `runs` runs of this spec at once need more memory than this process can use. Looks at nothing where
/// `context` is that of a GPU, whose memory is its own.
void check_memory(const RlSpec& spec, const Context& context, const std::shared_ptr<const EnvLibrary>& library,
                  std::int64_t runs = 1);

}  // namespace srwm
