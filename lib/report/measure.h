// What runs are compared by: figures of result.json, which ones depends on the task.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/estimate.h"
#include "spec/spec.h"

namespace srwm {

/// Where a figure stands in result.json.
struct Measure {
  std::string split;  ///< section: "test", "validation", "train", "test1"
  /// "accuracy", "mean_return", "normalised_paper", a game; of sequences of two tasks also "accuracy of A",
  /// "accuracy of A, then B", "accuracy of A before B", "accuracy of B after A"
  std::string name;

  bool operator==(const Measure&) const = default;
  bool operator<(const Measure& other) const { return std::tie(split, name) < std::tie(other.split, other.name); }
};

/// All that a run of the spec may end with, in the order of reports: nothing if it asks for no test. Few-shot:
/// accuracy, that of each order and each task of sequences too. Agents: for the training levels, each test split and
/// the mean over those ("test") the normalised scores, the mean return, that of each game.
std::vector<Measure> measures_of(const AnySpec& spec);

/// Accuracies on the test split of sequences of two tasks, in one order or in either.
struct SequenceMeasures {
  std::string order;                 ///< "A, then B", "either order"
  std::array<std::string, 2> tasks;  ///< their names; if it is one order, in this
  std::array<Measure, 2> by_task;    ///< over the positions of each
  Measure whole;                     ///< over all positions

  bool operator==(const SequenceMeasures&) const = default;
};

/// Either order, then each of the two; nothing unless the spec asks for a test of the protocol "sequential".
std::vector<SequenceMeasures> sequence_measures_of(const AnySpec& spec);

/// Whether no result can be without it: the accuracy on the test split, mean returns over the games.
bool is_certain(const Measure& measure);

/// Whether it counts from 0 to 1: people read it in percent.
bool is_fraction(const Measure& measure);

/// From a parsed result.json; none if it is not there, or no figure that this measure can have.
std::optional<Estimate> read_measure(const nlohmann::json& result, const Measure& measure);

/// The figure on the test split that stands for a run, and that published ones are compared with. Agents: the
/// normalised score if such are known, else the mean return.
Measure test_measure(Task task, bool has_normalised);
/// What settings are chosen by: the figure that says most without looking at the test split.
Measure choice_measure(Task task, bool has_normalised);

}  // namespace srwm
