// Accuracy over episodes: of all targets, of each position of a sequence, of the n-th image of a class.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace srwm {

/// Mean and spread of an accuracy per episode. The mean is a count over a count, rounded once; the spread is by
/// Welford's method.
class RunningMean {
 public:
  /// An episode in which `right` of `of` targets were predicted right.
  void add(std::int64_t right, std::int64_t of);
  std::int64_t count() const { return count_; }
  /// 0 if there are no episodes.
  double mean() const;
  /// Half the width of the 95 % interval of the mean: 1.96 standard errors. NaN, which JSON has as null, if there are
  /// fewer than two values.
  double ci95() const;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
  /// The sum of the accuracies is sum_ / common_. 0: the denominators have no common multiple that is small enough.
  std::int64_t sum_ = 0, common_ = 1;
};

/// "61.40 % +- 0.10", without the interval if that is NaN.
std::string percent_text(double accuracy, double ci95);

/// "1 episode", "32,000 episodes"
std::string episodes_text(std::int64_t episodes);

/// What was right in sequences in which every position has a target; all figures are means over the sequences.
struct SequenceAccuracy {
  RunningMean total;
  std::vector<RunningMean> by_position;
  /// The n-th image of a class in its sequence, averaged over the classes of the sequence. The first image of a class
  /// can be told only by exclusion: of n classes the last one to appear is known.
  std::vector<RunningMean> by_shot;

  /// One sequence: which of its positions were predicted right (0 or 1), and the class slots asked for.
  void add(std::span<const std::uint8_t> correct, std::span<const std::int32_t> targets);
};

/// The sequences in which two tasks follow each other in one order.
struct OrderAccuracy {
  std::string name;  ///< "A, then B"
  SequenceAccuracy whole;
  std::array<std::string, 2> task_names;  ///< in this order
  std::array<SequenceAccuracy, 2> tasks;  ///< of each by itself; positions and shots count from its beginning
};

/// What is known of sequences of two tasks, whichever comes first.
struct TwoTaskAccuracy {
  /// Names the tasks 0 and 1.
  explicit TwoTaskAccuracy(const std::array<std::string, 2>& names);
  /// One sequence; `tasks` says to which task each position belongs.
  void add(std::span<const std::uint8_t> correct, std::span<const std::int32_t> targets,
           std::span<const std::uint8_t> tasks);

  std::array<std::string, 2> names;
  std::array<RunningMean, 2> totals;    ///< of each task, in either order
  std::array<OrderAccuracy, 2> orders;  ///< by the task that comes first
};

/// Adds "tasks" and "orders" (docs/run_folder.md).
void add_tasks(nlohmann::ordered_json& object, const TwoTaskAccuracy& accuracy);
/// The same as tables, ending in a newline; of an order without sequences nothing.
std::string tasks_table(const TwoTaskAccuracy& accuracy);

/// Adds "accuracy" and "ci95"; null what is not known.
void add_total(nlohmann::ordered_json& object, const RunningMean& total);
/// Adds "accuracy_by_<what>" and "ci95_by_<what>", lists of fractions; nothing if there are no figures.
void add_series(nlohmann::ordered_json& object, const std::string& what, std::span<const RunningMean> figures);
/// The same as lines of a table, five figures in a line, after a heading; empty if there are no figures.
std::string series_table(const std::string& heading, std::span<const RunningMean> figures);

}  // namespace srwm
