// Timing of repeated work.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ops/context.h"

namespace srwm {

struct Timing {
  double median = 0;  ///< seconds of one call
  double best = 0;
  double spread = 0;         ///< seconds between the quartiles of the measurements
  std::int64_t calls = 0;    ///< altogether
  std::int64_t repeats = 0;  ///< measurements that median and spread are of; each may have been of several calls

  /// The same measurements, each of whose calls was in truth `calls_each` of what is asked about.
  Timing of_each(std::int64_t calls_each) const;
};

/// What measurements of one call's seconds come to; each was of `calls_each` calls.
Timing timing_of(std::vector<double> seconds, std::int64_t calls_each = 1);

/// Calls `work` until it has run for `seconds`, at least three times, after a warm-up call that is not counted.
Timing time_repeatedly(double seconds, const std::function<void()>& work);

/// The same for work that a context's queue gets and that waits for nothing. On a device that can record, the work is
/// recorded several times over, replayed and waited for, so that neither launching nor waiting counts; on others each
/// call is waited for.
Timing time_on_device(Context& context, double seconds, const std::function<void()>& work);

/// Seconds on a clock that never goes back.
double now_seconds();

}  // namespace srwm
