// Accuracy over episodes: of all targets, of each position of a sequence, of the n-th image of a class.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace srwm {

/// Mean and spread of a figure per episode, by Welford's method.
class RunningMean {
 public:
  void add(double value);
  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  /// Half the width of the 95 % interval of the mean: 1.96 standard errors.
  double ci95() const;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

/// What was right in sequences in which every position has a target; all figures are means over the sequences.
struct SequenceAccuracy {
  RunningMean total;
  std::vector<RunningMean> by_position;
  /// The n-th image of a class in its sequence, the classes of a sequence averaged. The first can only be guessed.
  std::vector<RunningMean> by_shot;

  /// One sequence: which of its positions were predicted right (0 or 1), and the class slots asked for.
  void add(std::span<const std::uint8_t> correct, std::span<const std::int32_t> targets);
};

/// Adds "accuracy" and "ci95".
void add_total(nlohmann::ordered_json& object, const RunningMean& total);
/// Adds "accuracy_by_<what>" and "ci95_by_<what>", lists of fractions; nothing if there are no figures.
void add_series(nlohmann::ordered_json& object, const std::string& what, std::span<const RunningMean> figures);
/// The same as lines of a table, five figures in a line, after a heading; empty if there are no figures.
std::string series_table(const std::string& heading, std::span<const RunningMean> figures);

}  // namespace srwm
