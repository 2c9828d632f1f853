#include "run/metrics.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/file.h"

namespace srwm {
namespace {

void append_number(std::string& line, double value) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(line), "{}", value);  // the shortest text that reads back as the same number
  } else {
    line += "null";
  }
}

/// What the clock says is not known beyond three decimals.
double rounded(double time) {
  return std::round(time * 1000) / 1000;
}

void append_metric(std::string& line, const Metric& metric) {
  line += ",\"";
  line += metric.name;
  line += "\":";
  append_number(line, metric.value);
}

double seconds_in(std::string_view line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return 0;
  const auto seconds = object.find("seconds");
  return seconds != object.end() && seconds->is_number() ? seconds->get<double>() : 0;
}

}  // namespace

struct MetricsFile::Kept {
  std::int64_t bytes = 0;
  std::int64_t lines = 0;
  double seconds = 0;
};

MetricsFile::Kept MetricsFile::scan(const std::filesystem::path& path, std::int64_t keep_lines) {
  Kept kept;
  if (keep_lines == 0 || !is_there(path)) return kept;
  const std::string text = read_text_file(path);
  std::size_t begin = 0, last = 0;
  while (kept.lines < keep_lines) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    last = begin;
    begin = end + 1;
    ++kept.lines;
  }
  kept.bytes = static_cast<std::int64_t>(begin);
  kept.seconds = seconds_in(std::string_view(text).substr(last, begin - last));
  return kept;
}

MetricsFile::MetricsFile(const std::filesystem::path& path, std::int64_t keep_lines)
    : MetricsFile(path, scan(path, keep_lines)) {}

MetricsFile::MetricsFile(const std::filesystem::path& path, const Kept& kept)
    : file_(path, kept.bytes), lines_(kept.lines), seconds_before_(kept.seconds) {}

void MetricsFile::write(std::int64_t step, std::string_view kind, std::span<const Metric> values,
                        std::span<const Metric> times) {
  line_.clear();
  fmt::format_to(std::back_inserter(line_), "{{\"step\":{},\"kind\":\"{}\"", step, kind);
  for (const Metric& metric : values) append_metric(line_, metric);
  for (const Metric& metric : times) append_metric(line_, {metric.name, rounded(metric.value)});
  line_ += "}\n";
  file_.append(line_);
  ++lines_;
}

}  // namespace srwm
