// Several runs in one process.
#pragma once

#include <cstddef>
#include <functional>

namespace srwm {

/// Calls work(0) .. work(count - 1), up to `at_once` at a time, in the order of their numbers, each in a thread of its
/// own. One that throws does not end the others; its message goes to `failed(i, message)`, which one thread at a time
/// calls. When all have ended the first error by number is thrown again; a StoppedError only if there is no other.
/// DeviceError, and no call, if the system does not start so many threads.
void run_side_by_side(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work,
                      const std::function<void(std::size_t, const char* message)>& failed);

}  // namespace srwm
