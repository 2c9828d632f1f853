// The figures of a run, written to metrics.jsonl and to TensorBoard at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "run/metrics.h"
#include "run/run_folder.h"
#include "run/tensorboard.h"

namespace srwm {

class Recorder {
 public:
  /// `keep_lines`: 0 for a new run, what sync() returned at the time of the checkpoint for a resumed one. A file that
  /// has fewer lines, because somebody removed it, goes on with those it has.
  Recorder(const RunPaths& paths, std::int64_t keep_lines);

  /// One line of metrics.jsonl and one event. `times` come from the clock: MetricsFile says how the two differ; the
  /// field "seconds" is put before them.
  void write(std::int64_t step, std::string_view kind, std::span<const Metric> values, std::span<const Metric> times);
  void write(std::int64_t step, std::string_view kind, std::initializer_list<Metric> values,
             std::initializer_list<Metric> times = {});

  /// Puts everything on the disk and returns the number of lines: call it before a checkpoint, and store the number in
  /// Progress::counters under `counter`.
  std::int64_t sync();
  static constexpr const char* counter = "metric_lines";

  /// Seconds since the run began, the time before it was stopped and resumed included.
  double seconds() const;

 private:
  MetricsFile metrics_;
  EventFile events_;
  std::chrono::steady_clock::time_point start_;
  std::vector<Metric> times_;
};

}  // namespace srwm
