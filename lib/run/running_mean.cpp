#include "run/running_mean.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "run/progress.h"

namespace srwm {
namespace {

/// "  1-10    20.12 +- 0.31 ..." for figures first, first + 1, ..., last - 1.
std::string table_line(std::span<const RunningMean> figures, std::size_t first, std::size_t last) {
  std::string line = fmt::format("  {:>3}-{:<3}", first + 1, last);
  for (std::size_t i = first; i < last; ++i) {
    const double ci95 = figures[i].ci95();
    const std::string interval = std::isnan(ci95) ? "-" : fmt::format("{:.2f}", 100 * ci95);
    line += fmt::format(" {:6.2f} +-{:>5}", 100 * figures[i].mean(), interval);
  }
  return line + "\n";
}

}  // namespace

void RunningValues::add(double value) {
  ++count_;
  const double delta = value - mean_;
  mean_ += delta / static_cast<double>(count_);
  squares_ += delta * (value - mean_);
}

double RunningValues::ci95() const {
  if (count_ < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(count_);
  return 1.96 * std::sqrt(squares_ / (n - 1) / n);
}

void RunningMean::add(std::int64_t right, std::int64_t of) {
  constexpr std::int64_t largest_common = 1'000'000;  // keeps all products exact in a double
  const double value = static_cast<double>(right) / static_cast<double>(of);
  const std::int64_t common = common_ > 0 ? std::lcm(common_, of) : 0;
  sum_ = common > 0 ? sum_ * (common / common_) + right * (common / of) : 0;
  common_ = common > largest_common ? 0 : common;
  values_.add(value);
}

double RunningMean::mean() const {
  if (common_ == 0 || count() == 0) return values_.mean();
  return static_cast<double>(sum_) / (static_cast<double>(common_) * static_cast<double>(count()));
}

std::string percent_text(double accuracy, double ci95) {
  const std::string interval = std::isnan(ci95) ? "" : fmt::format(" +- {:.2f}", 100 * ci95);
  return fmt::format("{:.2f} %{}", 100 * accuracy, interval);
}

std::string episodes_text(std::int64_t episodes) {
  return fmt::format("{} {}", format_count(episodes), episodes == 1 ? "episode" : "episodes");
}

void add_total(nlohmann::ordered_json& object, const RunningMean& total) {
  object["accuracy"] = total.count() > 0 ? nlohmann::ordered_json(total.mean()) : nlohmann::ordered_json();
  object["ci95"] = total.ci95();
}

void add_series(nlohmann::ordered_json& object, const std::string& what, std::span<const RunningMean> figures) {
  if (figures.empty()) return;
  auto means = nlohmann::ordered_json::array(), widths = nlohmann::ordered_json::array();
  for (const RunningMean& figure : figures) {
    means.push_back(figure.mean());
    widths.push_back(figure.ci95());
  }
  object["accuracy_by_" + what] = std::move(means);
  object["ci95_by_" + what] = std::move(widths);
}

std::string series_table(const std::string& heading, std::span<const RunningMean> figures) {
  constexpr std::size_t per_line = 5;
  if (figures.empty()) return {};
  std::string text = heading + "\n";
  for (std::size_t first = 0; first < figures.size(); first += per_line) {
    text += table_line(figures, first, std::min(first + per_line, figures.size()));
  }
  return text;
}

}  // namespace srwm
