// Few-shot meta-training: from a spec to a run folder with a result.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "fewshot/data.h"
#include "fewshot/evaluator.h"
#include "fewshot/learner.h"
#include "fewshot/training_step.h"
#include "optim/adam.h"
#include "run/checkpoint.h"
#include "run/log.h"
#include "run/progress.h"
#include "run/recorder.h"
#include "run/run_folder.h"
#include "run/signals.h"
#include "spec/spec.h"

namespace srwm {

/// Trains in an open run folder. All state that the outcome depends on is in the checkpoint: a run that was stopped or
/// killed and resumed ends with the same bits as one that was not.
class FewShotTrainer {
 public:
  FewShotTrainer(const ExperimentSpec& spec, Context& context, const FewShotData& data, const RunPaths& paths,
                 Logger& logger, StopRequest& stop);

  /// Starts from the model in another checkpoint; the optimizer starts anew.
  void start_from(const std::filesystem::path& checkpoint);
  /// Goes on from the folder's latest checkpoint. SpecError if it was made with another spec, DataError if with other
  /// data.
  void resume();

  /// Trains to the last step, validating and saving on the way, then evaluates the best model on the test split and
  /// writes result.json. Throws StoppedError after a checkpoint if a stop is requested, NotFiniteError naming the step
  /// and the first bad tensor.
  void run();
  /// The step of the newest latest.h5 that is known to be whole: written, or resumed from. None before the first.
  std::optional<std::int64_t> saved_step() const { return saved_step_; }
  /// Trains up to step `last` (at most train.steps) and returns without a checkpoint of its own, as if killed there.
  void run_until(std::int64_t last);

 private:
  /// Sums since the last report.
  struct Interval {
    StepTotals totals;
    double rate = 0, seconds = 0;
    std::int64_t targets = 0, passes = 0, images = 0;
  };

  void begin(std::int64_t metric_lines);
  void train(std::int64_t last);
  void train_step();
  void collect();
  void wait_for_steps();
  void report();
  void validate();
  void save_regular();
  [[noreturn]] void stop();
  [[noreturn]] void fail_not_finite();
  Checkpoint state();
  void load_best();
  void finish();
  bool due(std::int64_t every) const { return every > 0 && step_ > 0 && step_ % every == 0; }

  ExperimentSpec spec_;
  Context& context_;
  const FewShotData& data_;
  RunPaths paths_;
  Logger& logger_;
  StopRequest& stop_;

  FewShotLearner learner_;
  Adam adam_;
  TrainingStep training_step_;
  CheckpointWriter writer_;
  std::unique_ptr<EpisodeSource> validation_;
  std::optional<Recorder> recorder_;
  std::optional<ProgressDisplay> display_;

  std::int64_t step_ = 0;
  std::optional<std::int64_t> saved_step_;
  std::int64_t validated_step_ = 0;
  std::optional<double> best_metric_;
  std::int64_t best_step_ = 0;
  Interval interval_;
  std::int64_t images_ = 0;  ///< trained on in this sitting
  double train_seconds_ = 0;
};

}  // namespace srwm
