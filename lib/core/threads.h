// Processors to use, and starting threads where the system may refuse: a limit on processes (ulimit -u), a container's,
// a lack of memory.
#pragma once

#include <functional>
#include <thread>

namespace srwm {

/// Processors in the affinity mask of this process; 1 if the system does not say.
int usable_processors();

/// A thread that runs `work`. DeviceError if the system cannot start it.
std::thread start_thread(std::function<void()> work);

}  // namespace srwm
