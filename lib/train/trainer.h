// The training loop: from a task to a run folder with a result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comm/ranks.h"
#include "run/checkpoint.h"
#include "run/log.h"
#include "run/progress.h"
#include "run/recorder.h"
#include "run/run_folder.h"
#include "run/signals.h"
#include "spec/spec.h"
#include "train/task.h"
#include "train/thread_choice.h"
#include "train/training_step.h"

namespace srwm {

/// Trains in an open run folder. All state that the outcome depends on is in the checkpoint: a run that was stopped or
/// killed and resumed ends with the same bits as one that was not, unless the task says that it cannot.
///
/// Each rank of a run has a Trainer, whose functions are called on all of them alike. They stop after the same step
/// whichever is asked to, and only that of rank 0 reads and writes files, shows progress and says anything.
class Trainer {
 public:
  /// `spec` is that of the task; `data_digest` of its data, empty if there is none. All must live longer.
  Trainer(const AnySpec& spec, Context& context, Task& task, std::string data_digest, const RunPaths& paths,
          Logger& logger, StopRequest& stop, Ranks& ranks = no_other_ranks());

  /// Finds the number of CPU threads while it trains, the context's at most. Of no effect on a GPU, or where other
  /// threads of the task compute at the same time.
  void choose_threads();
  /// Starts from the model in another checkpoint; the optimizer starts from zero.
  void start_from(const std::filesystem::path& checkpoint);
  /// Continues from the folder's latest checkpoint. SpecError if it was made with another spec, DataError if with other
  /// data or if it holds a model alone.
  void resume();

  /// Trains to the last step, validating and saving on the way, then tests the best model (the last one where nothing
  /// was validated) and writes result.json. Throws StoppedError after a checkpoint if a stop is requested,
  /// NotFiniteError naming the step and the first bad tensor, DeviceError if the ranks' models differ.
  void run();
  /// The step, as Task::position counts, of the newest latest.h5 that is known to be whole: written, or resumed from.
  /// None before the first.
  std::optional<std::int64_t> saved_step() const;
  /// Trains up to step `last` (at most the last one of the run) and returns without a checkpoint of its own, as if
  /// killed there.
  void run_until(std::int64_t last);

 private:
  /// What ranks have to know of each other's evaluation.
  struct EvaluationNote;

  void begin(std::int64_t metric_lines);
  void train(std::int64_t last);
  void train_step();
  void collect();
  void wait_for_steps();
  void take_notes();
  void report();
  void add_times_of_ranks();
  bool evaluates() const { return ranks_.is_first() || task_.evaluates_on_all_ranks(); }
  EvaluationNote agree(double value, bool complete);
  void validate();
  void save_regular();
  [[noreturn]] void stop();
  [[noreturn]] void fail_not_finite();
  [[noreturn]] void fail_population(const std::string& kept);
  std::string find_bad_tensor();
  Checkpoint state();
  void saved();
  void restore_interval(const Checkpoint& checkpoint);
  void finish();
  bool stops() const { return ranks_.is_alone() ? stop_.requested() : !agreed_stop_.empty(); }
  std::string stop_reason() const { return ranks_.is_alone() ? stop_.reason() : agreed_stop_; }
  bool due(std::int64_t every) const { return every > 0 && step_ > 0 && step_ % every == 0; }
  bool validates() const { return loop_.validation_every > 0 && (due(loop_.validation_every) || step_ >= steps_); }
  /// Whether the last validations were no better than one before them, as many as the spec's patience.
  bool is_out_of_patience() const;
  std::int64_t position() const { return task_.position(step_); }
  template <typename Work>
  double timed(const Work& work);

  const AnySpec& spec_;
  LoopOptions loop_;
  Context& context_;
  Task& task_;
  std::string data_digest_;
  RunPaths paths_;
  Logger& logger_;
  StopRequest& stop_;
  KeepGoing keep_going_;
  Ranks& ranks_;

  std::int64_t steps_;  ///< of the whole run
  std::vector<std::string> sums_;
  TrainingStep training_step_;
  std::optional<ThreadChoice> thread_choice_;  ///< none: the number is fixed
  CheckpointWriter writer_;
  std::optional<Recorder> recorder_;
  std::optional<ProgressDisplay> display_;

  std::int64_t step_ = 0;
  std::optional<std::int64_t> saved_step_;
  std::int64_t validated_step_ = 0;
  std::optional<double> best_metric_;
  std::int64_t best_step_ = 0;
  IntervalTotals interval_;
  std::int64_t bad_step_ = 0;  ///< from 1; 0: none
  double train_seconds_ = 0;   ///< of this session
  MetricsRow row_;
  std::string agreed_stop_;           ///< with several ranks: why all of them stop; empty: they go on
  std::vector<double> rank_seconds_;  ///< that the passes of each rank took since the last report
  double reported_exchange_ = 0;      ///< seconds of exchanges until the last report
};

}  // namespace srwm
