#include "run/recorder.h"

#include <algorithm>

namespace srwm {

Recorder::Recorder(const RunPaths& paths, std::int64_t keep_lines)
    : metrics_(paths.metrics(), keep_lines),
      events_(paths.events(), metrics_.lines()),
      start_(std::chrono::steady_clock::now()) {
  // An event file that somebody has removed gets empty events, so that event n keeps belonging to line n.
  while (events_.events() < metrics_.lines()) events_.write(0, "", {}, {}, 0);
}

void Recorder::write(std::int64_t step, std::string_view kind, std::span<const Metric> values,
                     std::span<const Metric> times) {
  times_.assign(1, {"seconds", seconds()});
  times_.insert(times_.end(), times.begin(), times.end());
  metrics_.write(step, kind, values, times_);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  events_.write(step, kind, values, times, std::chrono::duration<double>(now).count());
}

void Recorder::write(std::int64_t step, std::string_view kind, std::initializer_list<Metric> values,
                     std::initializer_list<Metric> times) {
  write(step, kind, std::span(values.begin(), values.size()), std::span(times.begin(), times.size()));
}

std::int64_t Recorder::sync() {
  metrics_.sync();
  events_.sync();
  return metrics_.lines();
}

double Recorder::seconds() const {
  const std::chrono::duration<double> here = std::chrono::steady_clock::now() - start_;
  return metrics_.seconds_before() + here.count();
}

}  // namespace srwm
