#include "report/curve.h"

#include <algorithm>

#include "run/metrics_reader.h"

namespace srwm {
namespace {

/// On the straight line from a to b.
double height_at(const CurvePoint& a, const CurvePoint& b, std::int64_t step) {
  const double part = static_cast<double>(step - a.step) / static_cast<double>(b.step - a.step);
  return a.value + part * (b.value - a.value);
}

}  // namespace

Curve read_curve(const RunPaths& paths, std::string_view kind, const std::string& metric) {
  Curve curve;
  for (const nlohmann::json& line : MetricsReader(paths.metrics()).lines(kind)) {
    const auto value = line.find(metric);
    if (value == line.end() || !value->is_number()) continue;
    const auto step = line.at("step").get<std::int64_t>();
    if (curve.empty() || step > curve.back().step) curve.push_back({step, value->get<double>()});
  }
  return curve;
}

std::optional<double> mean_height(const Curve& curve, std::int64_t first, std::int64_t last) {
  if (first >= last || curve.empty() || curve.front().step > first || curve.back().step < last) return std::nullopt;
  double area = 0;
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const CurvePoint &a = curve[i], &b = curve[i + 1];
    const std::int64_t begin = std::max(a.step, first), end = std::min(b.step, last);
    if (begin >= end) continue;
    area += static_cast<double>(end - begin) * (height_at(a, b, begin) + height_at(a, b, end)) / 2;
  }
  return area / static_cast<double>(last - first);
}

std::optional<std::int64_t> first_step_at(const Curve& curve, double threshold) {
  const auto found = std::ranges::find_if(curve, [&](const CurvePoint& point) { return point.value >= threshold; });
  return found == curve.end() ? std::nullopt : std::optional(found->step);
}

}  // namespace srwm
