#include "bench/compare.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "io/file.h"

namespace srwm {
namespace {

using Json = nlohmann::json;

constexpr double least_noise = 0.03;

Json load(const std::filesystem::path& path) {
  Json document = Json::parse(read_text_file(path), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("results") || !document.at("results").is_array()) {
    throw DataError("{} is no file of srwm bench: it has no \"results\". Write one with srwm bench --out FILE.",
                    path.string());
  }
  return document;
}

struct Line {
  std::string name;
  double seconds, spread;
};

std::vector<Line> lines_of(const Json& document, const std::filesystem::path& path) {
  std::vector<Line> lines;
  for (const Json& line : document.at("results")) {
    const bool good = line.is_object() && line.contains("name") && line.at("name").is_string() &&
                      line.contains("seconds") && line.at("seconds").is_number() && line.at("seconds") > 0;
    if (!good) throw DataError("{} has a result without name and seconds. Measure it again.", path.string());
    lines.push_back({line.at("name"), line.at("seconds"), line.value("spread_seconds", 0.0)});
  }
  return lines;
}

std::vector<std::string> differences(const Json& before, const Json& after) {
  std::vector<std::string> list;
  for (const char* key : {"gpu", "device", "cpu", "threads", "simd", "build_type", "spec"}) {
    const Json a = before.value(key, Json()), b = after.value(key, Json());
    if (a == b) continue;
    list.push_back(a.is_object() ? fmt::format("{}: not the same", key)
                                 : fmt::format("{}: {}, {}", key, json_text(a), json_text(b)));
  }
  return list;
}

std::vector<std::string> names_without_partner(const std::vector<Line>& lines, const std::vector<Line>& others) {
  std::vector<std::string> names;
  for (const Line& line : lines) {
    if (std::ranges::find(others, line.name, &Line::name) == others.end()) names.push_back(line.name);
  }
  return names;
}

void append_names(std::string& text, const char* title, const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += fmt::format("\n{}\n", title);
  for (const std::string& name : names) text += fmt::format("  {}\n", name);
}

}  // namespace

bool ComparedLine::changed() const {
  return std::abs(std::log(ratio())) > std::log1p(noise);
}

Comparison compare_benchmarks(const std::filesystem::path& before, const std::filesystem::path& after) {
  const Json first = load(before), second = load(after);
  const std::vector<Line> lines = lines_of(first, before), others = lines_of(second, after);
  Comparison comparison{.only_before = names_without_partner(lines, others),
                        .only_after = names_without_partner(others, lines),
                        .differences = differences(first, second)};
  for (const Line& a : lines) {
    const auto b = std::ranges::find(others, a.name, &Line::name);
    if (b == others.end()) continue;
    const double noise = 2 * (a.spread / a.seconds + b->spread / b->seconds);
    comparison.lines.push_back({a.name, a.seconds, b->seconds, std::max(least_noise, noise)});
  }
  return comparison;
}

std::string describe(const Comparison& comparison) {
  std::string text = fmt::format("{:<52} {:>11} {:>11} {:>7} {:>7}\n", "", "ms before", "ms after", "ratio", "noise");
  for (const ComparedLine& line : comparison.lines) {
    const char* mark = !line.changed() ? "" : line.ratio() > 1 ? "  slower" : "  faster";
    text += fmt::format("{:<52} {:>11.4f} {:>11.4f} {:>7.3f} {:>5.0f} %{}\n", line.name, 1e3 * line.before,
                        1e3 * line.after, line.ratio(), 100 * line.noise, mark);
  }
  append_names(text, "Only before:", comparison.only_before);
  append_names(text, "Only after:", comparison.only_after);
  append_names(text, "Not measured under the same conditions:", comparison.differences);
  return text;
}

}  // namespace srwm
