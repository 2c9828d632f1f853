#include "core/threads.h"

#include <system_error>
#include <utility>

#include "core/error.h"

namespace srwm {

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
