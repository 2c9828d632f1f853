#include "fewshot/accuracy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace srwm {
namespace {

RunningMean& at(std::vector<RunningMean>& figures, std::size_t i) {
  if (i >= figures.size()) figures.resize(i + 1);
  return figures[i];
}

/// For each position which image of its class it is, from 0.
std::vector<std::size_t> shots_of(std::span<const std::int32_t> targets) {
  std::vector<std::size_t> shots(targets.size());
  for (std::size_t t = 0; t < targets.size(); ++t) {
    shots[t] = static_cast<std::size_t>(std::ranges::count(targets.first(t), targets[t]));
  }
  return shots;
}

/// "  1-10    20.12 +- 0.31 ..." for figures first, first + 1, ..., last - 1.
std::string table_line(std::span<const RunningMean> figures, std::size_t first, std::size_t last) {
  std::string line = fmt::format("  {:>3}-{:<3}", first + 1, last);
  for (std::size_t i = first; i < last; ++i) {
    line += fmt::format(" {:6.2f} +-{:5.2f}", 100 * figures[i].mean(), 100 * figures[i].ci95());
  }
  return line + "\n";
}

}  // namespace

void RunningMean::add(double value) {
  ++count_;
  const double delta = value - mean_;
  mean_ += delta / static_cast<double>(count_);
  squares_ += delta * (value - mean_);
}

double RunningMean::ci95() const {
  if (count_ < 2) return 0;
  const auto n = static_cast<double>(count_);
  return 1.96 * std::sqrt(squares_ / (n - 1) / n);
}

void SequenceAccuracy::add(std::span<const std::uint8_t> correct, std::span<const std::int32_t> targets) {
  total.add(std::accumulate(correct.begin(), correct.end(), 0.0) / static_cast<double>(correct.size()));
  const std::vector<std::size_t> shots = shots_of(targets);
  std::vector<double> right(*std::ranges::max_element(shots) + 1), shown(right.size());
  for (std::size_t t = 0; t < correct.size(); ++t) {
    at(by_position, t).add(correct[t]);
    right[shots[t]] += correct[t];
    shown[shots[t]] += 1;
  }
  for (std::size_t shot = 0; shot < right.size(); ++shot) at(by_shot, shot).add(right[shot] / shown[shot]);
}

void add_total(nlohmann::ordered_json& object, const RunningMean& total) {
  object["accuracy"] = total.mean();
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
