// How a metric grew while a run trained.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/run_folder.h"

namespace srwm {

struct CurvePoint {
  std::int64_t step = 0;
  double value = 0;

  bool operator==(const CurvePoint&) const = default;
};
/// By rising step.
using Curve = std::vector<CurvePoint>;

/// The values of `metric` in the lines of this kind ("validation", "train") of metrics.jsonl; empty if there are none.
/// DataError if the file cannot be read.
Curve read_curve(const RunPaths& paths, std::string_view kind, const std::string& metric);

/// Mean value over the steps from `first` to `last`: the area below the curve by the trapezoid rule, divided by their
/// number. Between its points the curve is straight. None unless first < last and the curve covers them.
std::optional<double> mean_height(const Curve& curve, std::int64_t first, std::int64_t last);

/// The first step of the curve whose value is at least `threshold`; none if it never is.
std::optional<std::int64_t> first_step_at(const Curve& curve, double threshold);

}  // namespace srwm
