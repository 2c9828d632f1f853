// Starting threads where the system may refuse: a limit on processes (ulimit -u), a container's, a lack of memory.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace srwm {

/// A thread that runs `work`. DeviceError if the system cannot start it.
std::thread start_thread(std::function<void()> work);

/// Call it before an OpenMP region of `team` threads: libgomp ends the process if it cannot start one. DeviceError if
/// the system cannot start them with the stacks that OpenMP gives them. Cheap for a team that this thread has had
/// before.
void require_team(int team);

/// Bytes of the stack that OpenMP gives its threads by a value of OMP_STACKSIZE: "512k", "8 M", "1G"; a number alone
/// counts KiB. 0: the system's default, also for what is no size, which libgomp passes over.
std::size_t omp_stack_bytes(const std::string& text);

}  // namespace srwm
