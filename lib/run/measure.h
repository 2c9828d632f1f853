// What runs are compared by: metrics of result.json.
#pragma once

#include <array>
#include <string>
#include <tuple>

namespace srwm {

/// Where a metric is in result.json.
struct Measure {
  std::string split;  ///< section: "test", "validation", "train_levels", "test1"
  /// "accuracy", "mean_return", "normalised_paper", a game; of sequences of two tasks also "accuracy of A",
  /// "accuracy of A, then B", "accuracy of A before B", "accuracy of B after A"
  std::string name;

  bool operator==(const Measure&) const = default;
  bool operator<(const Measure& other) const { return std::tie(split, name) < std::tie(other.split, other.name); }
};

/// Metrics on the test split of sequences of two tasks, in one order or in either.
struct SequenceMeasures {
  std::string order;                 ///< "A, then B", "either order"
  std::array<std::string, 2> tasks;  ///< their names; if it is one order, in this
  std::array<Measure, 2> by_task;    ///< over the positions of each
  Measure whole;                     ///< over all positions

  bool operator==(const SequenceMeasures&) const = default;
};

}  // namespace srwm
