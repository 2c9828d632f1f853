// Ranks that are threads of this process.
#pragma once

#include <functional>

#include "comm/ranks.h"

namespace srwm {

/// Calls `work` in `size` threads at once, of which this one is rank 0, with a Ranks for each, and waits for all of
/// them; a single one has no_other_ranks(). If one throws, the next exchange of each of the others throws RankError;
/// its own error leaves here, the first one if several throw. A rank that returns while others still exchange with it
/// counts as lost. DeviceError, and no call, if a thread cannot be started.
void run_thread_ranks(int size, const std::function<void(Ranks&)>& work);

}  // namespace srwm
