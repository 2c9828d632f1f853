// Loops over the threads of a Context.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/thread_pool.h"

namespace srwm {

/// Calls body(i) for i in [0, n), each i once, on up to `threads` threads. The body must not throw and must write only
/// what belongs to i: then results do not depend on the number of threads. Reductions over i go into per-slice buffers
/// whose number does not depend on `threads` and are summed in order afterwards. DeviceError if the system does not
/// start the threads.
template <typename Body>
void parallel_for(int threads, std::int64_t n, const Body& body) {
  pool::run(
      threads, n,
      [](const void* loop, std::int64_t begin, std::int64_t end) {
        const Body& of_one = *static_cast<const Body*>(loop);
        for (std::int64_t i = begin; i < end; ++i) of_one(i);
      },
      &body);
}

/// Splits [0, n) into pieces of at least `grain` elements and calls body(begin, end) for each. The pieces depend on
/// `threads`, so what is computed for an element must not depend on its piece.
template <typename Body>
void parallel_ranges(int threads, std::int64_t n, std::int64_t grain, const Body& body) {
  constexpr std::int64_t pieces_a_thread = 4;  // so that a thread which comes late has something left to take
  const std::int64_t most = threads <= 1 ? 1 : pieces_a_thread * threads;
  const std::int64_t pieces = std::clamp<std::int64_t>(n / std::max<std::int64_t>(grain, 1), 1, most);
  parallel_for(threads, pieces, [&](std::int64_t p) { body(n * p / pieces, n * (p + 1) / pieces); });
}

}  // namespace srwm
