#include "core/threads.h"

#include <system_error>
#include <utility>

#include <sched.h>

#include "core/error.h"

namespace srwm {

int usable_processors() {
  // The kernel refuses a mask smaller than its own: grow until it fits.
  for (int cpus = 1024; cpus <= (1 << 20); cpus *= 2) {
    cpu_set_t* mask = CPU_ALLOC(static_cast<std::size_t>(cpus));
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    const bool known = ::sched_getaffinity(0, bytes, mask) == 0;
    const int count = known ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (known) return count;
  }
  return 1;
}

std::thread start_thread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    throw DeviceError(
        "The system does not start another thread for this process: {}. Use fewer threads (--threads, or taskset), or "
        "raise the limit on processes (ulimit -u, pids.max of the container or job).",
        error.code().message());
  }
}

}  // namespace srwm
