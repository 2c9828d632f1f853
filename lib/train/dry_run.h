// What a spec would take, found by running a few steps without an update.
#pragma once

#include <string>

#include "comm/ranks.h"
#include "ops/context.h"
#include "spec/spec.h"
#include "train/task.h"

namespace srwm {

/// Describes model, memory and speed: parameters tensor by tensor, memory, loss, time per step; with several ranks, all
/// of which call it, also what each of them does and what the exchange costs. Throws what training would throw. The
/// parameters stay as they are.
std::string describe_dry_run(const AnySpec& spec, Context& context, Task& task, Ranks& ranks = no_other_ranks());

}  // namespace srwm
