// Runs of one task, in groups by what differs in their specs: how good they are, and whether one group is better.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/statistics.h"
#include "report/curve.h"
#include "report/finished_run.h"
#include "spec/spec.h"

namespace srwm {

struct CompareOptions {
  /// Keys and groups of keys that make groups; empty: all keys that differ, except seed, name and those without
  /// influence on the result.
  std::vector<std::string> by;
  /// Counts the steps until the curve reaches this value (as in metrics.jsonl: accuracies are fractions).
  std::optional<double> threshold;
};

/// A run that counts.
struct ComparedRun {
  RunState state;
  std::shared_ptr<const AnySpec> spec;
  double value = 0;  ///< the headline of its test; without tests, of its validation
  Curve curve;
  std::optional<double> area;            ///< mean height of the curve over the steps that all runs compared have
  std::optional<std::int64_t> steps_to;  ///< with a threshold
  std::vector<double> by_episode;        ///< of the test; empty: not known
};

struct ComparedGroup {
  std::string label;  ///< "model.core.heads=8 optim.rate=0.001"; the name of the spec where there is one group
  std::vector<ComparedRun> runs;
  double mean = 0;                      ///< of the values of the runs
  std::optional<double> deviation;      ///< over runs; none for one run
  std::optional<double> half_width;     ///< of the 95 % interval over seeds (Student), likewise
  std::optional<double> episodes_ci95;  ///< mean of the runs' own intervals over episodes
  std::optional<double> area;           ///< mean over the runs that have one
  std::optional<double> steps_to;       ///< mean over the runs that reach the threshold
  int reached = 0;                      ///< how many do
};

/// A group against the first one.
struct GroupDifference {
  std::size_t group = 0;                    ///< index, from 1
  double value = 0;                         ///< its mean less that of the first group
  std::optional<TestedMean> over_seeds;     ///< by Welch's test; none if either has a single run
  std::optional<TestedMean> over_episodes;  ///< of the mean over the runs of each group, paired on the same episodes
  std::int64_t episodes = 0;                ///< that were paired
};

struct RunComparison {
  std::string task;
  Measure measure;                    ///< what the values are
  std::vector<std::string> keys;      ///< that make the groups
  std::vector<ComparedGroup> groups;  ///< in the order in which their first runs were named
  std::vector<GroupDifference> differences;
  std::string curve_of;                        ///< "validation" or "train"; empty: no curves
  std::int64_t first_step = 0, last_step = 0;  ///< of the area
  std::optional<double> threshold;
  std::vector<std::string> remarks;  ///< runs left out and why, what could not be tested; sentences
};

/// Looks at the runs in `folders` (find_runs). Complete ones count, each spec and seed once. UsageError if none is
/// complete, if they are of different tasks or none has a figure to compare, or if a key of `by` is none of theirs.
RunComparison compare_runs(const std::vector<std::filesystem::path>& folders, const CompareOptions& options);

}  // namespace srwm
