// metrics.jsonl: the figures of a run, one JSON object per line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "io/append_file.h"

namespace srwm {

/// A named figure.
struct Metric {
  std::string_view name;  ///< [a-z0-9_]+
  double value;
};

/// A line reads {"step":100,"kind":"train","loss":1.2,"accuracy":0.4,"seconds":3.1,"images_per_second":2900}: first
/// what spec, seed and device determine, then, from "seconds" on, what the clock determines. Numbers are written with
/// as many digits as reading them back exactly takes; NaN and infinities become null. Each line is one write(2);
/// writing a line does not allocate once the longest has been written.
class MetricsFile {
 public:
  /// Keeps the first `keep_lines` lines of an existing file and cuts off the rest, torn or whole: 0 for a new run,
  /// lines() at the time of the checkpoint for a resumed one. If the file has fewer whole lines, they are kept.
  MetricsFile(const std::filesystem::path& path, std::int64_t keep_lines);

  /// `values` are deterministic, `times` come from the clock; by convention the first of those is "seconds", since the
  /// run began. WriteError if the disk is full.
  void write(std::int64_t step, std::string_view kind, std::span<const Metric> values, std::span<const Metric> times);
  void sync() { file_.sync(); }

  /// Lines in the file: goes into the checkpoint.
  std::int64_t lines() const { return lines_; }
  /// "seconds" of the last line kept on opening, 0 if there is none: where a resumed run's clock goes on.
  double seconds_before() const { return seconds_before_; }

 private:
  struct Kept;
  static Kept scan(const std::filesystem::path& path, std::int64_t keep_lines);
  MetricsFile(const std::filesystem::path& path, const Kept& kept);

  AppendFile file_;
  std::int64_t lines_;
  double seconds_before_;
  std::string line_;
};

}  // namespace srwm
