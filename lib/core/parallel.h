// Loops over the OpenMP threads of a Context. libgomp is the only pool of compute threads in the process.
#pragma once

#include <algorithm>
#include <cstdint>

#include <omp.h>

#include "core/threads.h"

namespace srwm {

/// Calls body(i) for i in [0, n), each i once, on up to `threads` threads. The body must not throw and must write only
/// what belongs to i: then results do not depend on the number of threads. Reductions over i go into per-slice buffers
/// whose number does not depend on `threads` and are summed in order afterwards. DeviceError if the system does not
/// start that many threads.
template <typename Body>
void parallel_for(int threads, std::int64_t n, const Body& body) {
  if (n <= 0) return;
  const int team = static_cast<int>(std::min<std::int64_t>(threads, n));
  if (team <= 1) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
    return;
  }
  require_team(team);
#pragma omp parallel for num_threads(team) schedule(static)
  for (std::int64_t i = 0; i < n; ++i) body(i);
}

/// Splits [0, n) into pieces of at least `grain` elements and calls body(begin, end) for each.
template <typename Body>
void parallel_ranges(int threads, std::int64_t n, std::int64_t grain, const Body& body) {
  const std::int64_t pieces = std::clamp<std::int64_t>(n / std::max<std::int64_t>(grain, 1), 1, threads);
  parallel_for(threads, pieces, [&](std::int64_t p) { body(n * p / pieces, n * (p + 1) / pieces); });
}

}  // namespace srwm
