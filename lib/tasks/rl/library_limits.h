// What a spec asks for and a library of environments does not take: seeds, levels, threads. libenv has no way of
// refusing an option; a library says in its description (env/description.h) which it takes, and one without a
// description gets none.
#pragma once

#include <string>
#include <vector>

#include "env/env_library.h"
#include "tasks/rl/rl_spec.h"

namespace srwm {

/// splits_of(spec), or, where the library takes no levels, the split "train" alone: all its episodes.
std::vector<RlSplit> splits_of(const RlSpec& spec, const EnvLibrary& library);

/// SpecError naming the first key that was changed from its default and can have no effect with this library.
void check_effective_keys(const RlSpec& spec, const EnvLibrary& library);

/// What the library does not take, and what that means for the result, as sentences; empty if it takes everything.
std::string describe_limits(const EnvLibrary& library);

}  // namespace srwm
