// Reinforcement learning: from a spec to a run folder with a result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rl/evaluator.h"
#include "rl/learner.h"
#include "rl/playground.h"
#include "run/checkpoint.h"
#include "run/log.h"
#include "run/progress.h"
#include "run/recorder.h"
#include "run/result.h"
#include "run/run_folder.h"
#include "run/signals.h"
#include "spec/rl_spec.h"

namespace srwm {

/// Trains in an open run folder. In synchronous mode, with a library that saves the state of its environments, a run
/// that was stopped or killed and resumed ends with the same bits as one that was not. Otherwise resuming begins new
/// episodes, and says so.
class RlTrainer {
 public:
  /// Opens the environments. Errors of VectorEnv, SpecError if the agent's sizes do not fit.
  RlTrainer(const RlSpec& spec, Context& context, std::shared_ptr<const EnvLibrary> library, const RunPaths& paths,
            Logger& logger, StopRequest& stop);

  /// Starts from the model in another checkpoint; the optimizer starts anew.
  void start_from(const std::filesystem::path& checkpoint);
  /// Goes on from the folder's latest checkpoint. SpecError if it was made with another spec.
  void resume();

  /// Trains to the last update, saving on the way, then evaluates on the training levels and the test splits and writes
  /// result.json. Throws StoppedError after a checkpoint if a stop is requested, NotFiniteError naming the update and
  /// the first bad tensor, and what an actor's thread threw.
  void run();
  /// Steps learned from at the newest latest.h5 that is known to be whole. None before the first.
  std::optional<std::int64_t> saved_step() const { return saved_step_; }
  /// Trains up to update `last` and returns without a checkpoint of its own, as if killed there.
  void run_until(std::int64_t last);

  const RlLearner& learner() const { return learner_; }

 private:
  /// Sums since the last report. Checkpoints hold all but what the clock says; `timed_updates` counts those of this
  /// sitting, to which the times belong.
  struct Interval {
    explicit Interval(std::size_t games) : play(games) {}
    PlayReport play;
    double rate = 0, lag = 0;
    std::int64_t updates = 0, timed_updates = 0;
    double learning = 0, waiting = 0, seconds = 0;

    double steps_per_second(std::int64_t steps_per_update) const {
      return seconds > 0 ? static_cast<double>(timed_updates * steps_per_update) / seconds : 0;
    }
  };

  void begin(std::int64_t metric_lines);
  void train(std::int64_t last);
  void update();
  void report();
  void write_metrics(const LossTotals& totals, double mean_return);
  void save_regular();
  [[noreturn]] void stop();
  [[noreturn]] void fail_not_finite(const LossTotals& totals, const UnrollRows& batch);
  Checkpoint state();
  void restore_interval(const Checkpoint& checkpoint);
  void finish();
  std::int64_t steps() const { return updates_ * spec_.train.steps_per_update(); }
  bool due(std::int64_t every) const { return updates_ > 0 && updates_ % every == 0; }

  RlSpec spec_;
  Context& context_;
  std::shared_ptr<const EnvLibrary> library_;
  RunPaths paths_;
  Logger& logger_;
  StopRequest& stop_;

  std::vector<std::string> return_names_;  ///< of metrics, by game
  Playground::Groups groups_;              ///< until playground_ takes them
  RlLearner learner_;
  Playground playground_;
  CheckpointWriter writer_;
  std::optional<Recorder> recorder_;
  std::optional<ProgressDisplay> display_;

  std::int64_t updates_ = 0;
  std::optional<std::int64_t> saved_step_;
  Interval interval_;
  std::int64_t steps_here_ = 0;  ///< learned from in this sitting
  double seconds_here_ = 0;
  std::vector<Metric> values_, times_;
};

}  // namespace srwm
