#include "bench/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace srwm {
namespace {

/// A measurement is of at least this many seconds, far above what a wait takes; and of at most so many calls.
constexpr double least_measurement = 5e-3;
constexpr double most_calls = 200;

double seconds_of(const std::function<void()>& work) {
  const double start = now_seconds();
  work();
  return now_seconds() - start;
}

}  // namespace

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Timing Timing::of_each(std::int64_t calls_each) const {
  const auto n = static_cast<double>(calls_each);
  return {median / n, best / n, spread / n, calls * calls_each, repeats};
}

Timing timing_of(std::vector<double> seconds, std::int64_t calls_each) {
  std::ranges::sort(seconds);
  const std::size_t n = seconds.size();
  return {.median = seconds[n / 2],
          .best = seconds.front(),
          .spread = seconds[3 * n / 4] - seconds[n / 4],
          .calls = static_cast<std::int64_t>(n) * calls_each,
          .repeats = static_cast<std::int64_t>(n)};
}

Timing time_repeatedly(double seconds, const std::function<void()>& work) {
  work();
  std::vector<double> times;
  const double start = now_seconds();
  while (times.size() < 3 || now_seconds() - start < seconds) times.push_back(seconds_of(work));
  return timing_of(std::move(times));
}

Timing time_on_device(Context& context, double seconds, const std::function<void()>& work) {
  DeviceQueue& queue = context.queue();
  if (context.eager() || !queue.records()) {
    return time_repeatedly(seconds, [&] {
      work();
      queue.synchronize();
    });
  }
  work();  // asks for the memory that a recording must not ask for
  queue.synchronize();
  std::unique_ptr<DeviceQueue::Recording> recording = queue.record(work);
  const auto replay = [&] {
    queue.replay(*recording);
    queue.synchronize();
  };
  replay();
  const double calls = std::clamp(std::ceil(least_measurement / seconds_of(replay)), 1.0, most_calls);
  recording = queue.record([&] {
    for (double call = 0; call < calls; ++call) work();
  });
  replay();
  std::vector<double> times;
  const double start = now_seconds();
  while (times.size() < 3 || now_seconds() - start < seconds) times.push_back(seconds_of(replay) / calls);
  return timing_of(std::move(times), static_cast<std::int64_t>(calls));
}

}  // namespace srwm
