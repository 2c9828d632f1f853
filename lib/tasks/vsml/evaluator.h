// Accuracy of a learning rule while it learns streams of several datasets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "comm/ranks.h"
#include "run/estimate.h"
#include "run/running_mean.h"
#include "tasks/vsml/data.h"
#include "tasks/vsml/learning_rule.h"
#include "train/task.h"

namespace srwm {

/// What the episodes of one dataset come to.
struct StreamEvaluation {
  std::string dataset;
  RunningMean accuracy;              ///< over all images of an episode: "prequential"
  RunningMean late_accuracy;         ///< over the last tenth of them, at least one
  std::vector<RunningMean> by_step;  ///< on image t, of all sequences of an episode
  std::vector<double> loss_by_step;  ///< summed over the episodes, in nats

  std::int64_t episodes() const { return accuracy.count(); }
  std::int64_t length() const { return static_cast<std::int64_t>(by_step.size()); }
  /// Mean cross-entropy of an image.
  double loss() const;
  /// Accuracy over `window` images at a time, the last window being shorter where they do not come out even.
  std::vector<double> by_window(std::int64_t window) const;
  void add(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels);
};

struct StreamEvaluations {
  std::vector<StreamEvaluation> datasets;
  bool complete = true;  ///< false: ended early

  /// Means over the datasets.
  Estimate accuracy() const;
  double late_accuracy() const, loss() const;
  /// "accuracy 61.40 % +- 0.10 (mnist 71.2 %, fashion_mnist 51.6 %), loss 1.0432"
  std::string one_line() const;
};

/// The logits of a batch's episodes on the host. NotFiniteError naming them and the dataset if one is not finite.
Tensor finite_logits(Context& context, const RuleOutput& output, const OnlineBatch& batch, const std::string& dataset);
/// How many episodes of this length are evaluated at once: enough for the threads, not too many for the memory.
std::int64_t episodes_at_once(const Context& context, const EpisodeLength& length);

/// What to evaluate: the datasets of a group of the spec, "validation" or "test", from a split.
struct EvaluatedStreams {
  std::string_view group;
  Split split = Split::test;
  std::uint64_t seed = 0;
};

/// Runs the group's episodes, a few at a time. `count` is called with the number of episodes done since the last call;
/// `keep_going` is asked before each batch, and false ends the evaluation with what it has. NotFiniteError where logits
/// are not finite. Several ranks share the episodes and tell each other, so that each has the same result.
StreamEvaluations evaluate_streams(Context& context, LearningRule& rule, const VsmlData& data, const VsmlSpec& spec,
                                   const EvaluatedStreams& streams, const std::function<void(std::int64_t)>& count = {},
                                   const KeepGoing& keep_going = {}, Ranks& ranks = no_other_ranks());

/// Means, and for each dataset accuracy, last accuracy, loss, and the curve in windows of 1/100 of an episode
/// (docs/run_folder.md).
nlohmann::ordered_json to_json(const StreamEvaluations& evaluations);
/// The same as a table, ending in a newline.
std::string describe(const StreamEvaluations& evaluations);

}  // namespace srwm
