// The mean of an accuracy over episodes with its 95 % interval, and how results and tables show it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace srwm {

/// Mean and spread of numbers, by Welford's method.
class RunningValues {
 public:
  void add(double value);
  std::int64_t count() const { return count_; }
  /// 0 if there are none.
  double mean() const { return mean_; }
  /// Half the width of the 95 % interval of the mean: 1.96 standard errors. NaN, which JSON has as null, if there are
  /// fewer than two values.
  double ci95() const;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

/// Mean and spread of an accuracy per episode. The mean is a count over a count, rounded once.
class RunningMean {
 public:
  /// An episode in which `right` of `of` targets were predicted right.
  void add(std::int64_t right, std::int64_t of);
  std::int64_t count() const { return values_.count(); }
  /// 0 if there are no episodes.
  double mean() const;
  double ci95() const { return values_.ci95(); }

 private:
  RunningValues values_;
  /// The sum of the accuracies is sum_ / common_. 0: the denominators have no common multiple that is small enough.
  std::int64_t sum_ = 0, common_ = 1;
};

/// "61.40 % +- 0.10", without the interval if that is NaN.
std::string percent_text(double accuracy, double ci95);

/// "1 episode", "32,000 episodes"
std::string episodes_text(std::int64_t episodes);

/// Adds "accuracy" and "ci95"; null what is not known.
void add_total(nlohmann::ordered_json& object, const RunningMean& total);
/// Adds "accuracy_by_<what>" and "ci95_by_<what>", lists of fractions; nothing if there are no figures.
void add_series(nlohmann::ordered_json& object, const std::string& what, std::span<const RunningMean> figures);
/// The same as lines of a table, five figures in a line, after a heading; empty if there are no figures.
std::string series_table(const std::string& heading, std::span<const RunningMean> figures);

}  // namespace srwm
