#include "bench/timing.h"

#include <algorithm>
#include <chrono>

namespace srwm {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Timing time_repeatedly(double seconds, const std::function<void()>& work) {
  work();
  std::vector<double> times;
  const double start = now_seconds();
  for (double before = start; times.size() < 3 || before - start < seconds; before = now_seconds()) {
    work();
    times.push_back(now_seconds() - before);
  }
  std::ranges::sort(times);
  return {times[times.size() / 2], times.front(), static_cast<std::int64_t>(times.size())};
}

}  // namespace srwm
