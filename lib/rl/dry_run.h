// What a spec of reinforcement learning would take, found by a few batches.
#pragma once

#include <memory>
#include <string>

#include "env/env_library.h"
#include "ops/context.h"
#include "spec/rl_spec.h"

namespace srwm {

/// Makes environments and agent, plays and learns from a few batches without an optimizer, one after the other whatever
/// train.mode is, and describes it: parameters tensor by tensor, memory, time. Throws what training would throw.
std::string describe_dry_run(const RlSpec& spec, Context& context, const std::shared_ptr<const EnvLibrary>& library);

}  // namespace srwm
