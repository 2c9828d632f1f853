// Accuracy over episodes: of all targets, of each position of a sequence, of the n-th image of a class.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "run/running_mean.h"

namespace srwm {

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

}  // namespace srwm
