// Timing of repeated work.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace srwm {

struct Timing {
  double median = 0;  ///< seconds of one call
  double best = 0;
  std::int64_t calls = 0;
};

/// Calls `work` until it has run for `seconds`, at least three times, after a warm-up call that is not counted.
Timing time_repeatedly(double seconds, const std::function<void()>& work);

/// Seconds on a clock that never goes back.
double now_seconds();

}  // namespace srwm
