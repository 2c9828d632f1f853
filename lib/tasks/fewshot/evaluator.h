// Accuracy of a model over many episodes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "comm/ranks.h"
#include "tasks/fewshot/accuracy.h"
#include "tasks/fewshot/predictor.h"

namespace srwm {

struct Evaluation {
  double accuracy = 0;  ///< mean over episodes of the fraction of targets predicted right
  double ci95 =
      0;  ///< half the width of the 95 % interval of that mean: 1.96 standard errors over episodes; NaN for one episode
  double loss = 0;            ///< mean cross-entropy per target
  SequenceAccuracy sequence;  ///< without figures where the queries of an episode are branches, and with two tasks
  std::optional<TwoTaskAccuracy> two_tasks;
  std::vector<float> by_episode;  ///< accuracy of each
  std::int64_t episodes = 0;
  std::int64_t images = 0;
  double seconds = 0;
};

/// Evaluates episodes 0 .. episodes - 1 of a source, `batch` at a time. `keep_going` is asked before every batch;
/// returning false ends the evaluation with what it has. Several ranks take batches in turn and tell each other, so
/// that each has the same result, and the sink of each sees all predictions in order.
Evaluation evaluate(Context& context, FewShotLearner& learner, const EpisodeSource& source, std::int64_t episodes,
                    std::int64_t batch, const PredictionSink& sink = {}, const std::function<bool()>& keep_going = {},
                    Ranks& ranks = no_other_ranks());

/// Accuracy, interval, episodes, loss, and where the episodes are sequences the series (docs/run_folder.md).
nlohmann::ordered_json to_json(const Evaluation& evaluation);
/// The series as a table for people, ending in a newline; empty if there is none.
std::string describe_series(const Evaluation& evaluation);

/// Collects predictions and writes them as an HDF5 file (docs/file_formats.md, "predictions"): /logits f32 [E, N] if
/// each episode has one target, else [E, P, N] for its P targets in order; /labels i32 [E] or [E, P].
class PredictionFile {
 public:
  PredictionFile(std::int64_t episodes, std::int64_t n_way) : episodes_(episodes), n_way_(n_way) {}
  void add(const Prediction& prediction);
  /// Whole or not at all; DataError with the cause.
  void write(const std::filesystem::path& path, const std::string& generator) const;

 private:
  std::int64_t episodes_, n_way_;
  std::vector<float> logits_;
  std::vector<std::int32_t> labels_;
};

}  // namespace srwm
