// The compute threads of the process. One pool serves every loop (core/parallel.h), so that two contexts that compute
// at the same time share the processors instead of each having a team.
//
// Why not OpenMP: libgomp's waiting threads spin until work comes, which on a machine with other busy programs takes
// the processor from the very thread that they wait for (a tenth of the speed was measured), it reads its wait policy
// before main, it hands out work in equal parts however late a thread is, and it ends the process if a thread cannot be
// started.
#pragma once

#include <cstdint>

namespace srwm {

namespace pool {

/// Part of a loop: body(begin, end) for a range of its indices.
using Part = void (*)(const void* body, std::int64_t begin, std::int64_t end);

/// Calls part(body, begin, end) for ranges that together are [0, n), on the calling thread and up to `team` - 1 threads
/// of the pool. Each thread begins with its own share of [0, n), takes it in small ranges, then helps the others, so a
/// thread that gets no processor holds at most one small range. Returns when all is done. A loop inside a part runs on
/// its thread alone. DeviceError if the system does not start the threads of the team.
void run(int team, std::int64_t n, Part part, const void* body);

/// Number of the calling thread in the loop that it works on, below the loop's team; 0 outside of loops.
int thread_number();

}  // namespace pool

}  // namespace srwm
