// What the training loop asks of a task. The loop knows passes, update and optimizer; a task knows its data, its model,
// its loss and what it reports.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "autograd/tape.h"
#include "core/error.h"
#include "nn/parameters.h"
#include "ops/update.h"
#include "optim/optimizer.h"
#include "run/checkpoint.h"
#include "run/log.h"
#include "run/metrics.h"
#include "run/progress.h"

namespace srwm {

/// Asked again and again during long work; false: end it, a stop was requested.
using KeepGoing = std::function<bool()>;

/// One of the forward and backward passes of an optimizer step.
struct Pass {
  std::int64_t step = 0;    ///< from 0 over the whole run
  std::int64_t index = 0;   ///< in its step
  std::int64_t number = 0;  ///< step * passes + index: chooses episodes and the random numbers of dropout
};

/// What tells passes apart whose launches, or whose addresses on the device, differ.
using PassShape = std::array<std::int64_t, 6>;

/// What a pass leaves on the device, in step memory.
struct PassOutcome {
  Tensor loss;                                    ///< [1]
  std::array<Tensor, StepStats::most_sums> sums;  ///< [1] each, in the order of Task::sums
};

/// What the members of a population leave on the device, in step memory.
struct MemberOutcome {
  Tensor loss;                                    ///< [members]
  std::array<Tensor, StepStats::most_sums> sums;  ///< [members] each, in the order of Task::sums
};

/// What the steps since the last report have added up.
struct IntervalTotals {
  double loss = 0;                                  ///< sum over passes
  std::array<double, StepStats::most_sums> sums{};  ///< in the order of Task::sums
  double grad_norm = 0, rate = 0;                   ///< of the last step
  std::int64_t passes = 0;
  // Of this session alone, since the clock is not in checkpoints:
  std::int64_t timed_passes = 0;
  double seconds = 0;
};

/// One report: a line of metrics.jsonl, and what the display shows of it.
struct MetricsRow {
  std::vector<Metric> values;  ///< what spec, seed and device determine
  std::vector<Metric> times;   ///< what the clock determines
  std::vector<Figure> shown;   ///< the most important first
};

struct Validation {
  double value = 0;         ///< of Task::validation_metric
  std::vector<Metric> row;  ///< a line of metrics.jsonl
  std::string text;         ///< "accuracy 61.40 % +- 0.10, loss 1.0432"
  bool complete = true;     ///< false: it was ended early and says nothing
};

/// Objects of result.json by name.
using Sections = std::vector<std::pair<std::string, nlohmann::ordered_json>>;

struct TestOutcome {
  Sections sections;
  bool complete = true;  ///< false: it was ended early and says nothing
  /// The headline of each test episode, in an order that is the same for all runs with the same test
  /// (TaskType::test_keys); empty: the task does not tell.
  std::vector<float> by_episode = {};
};

/// What a session has trained on, for speeds: {"images", 12800}.
struct TrainedItems {
  std::string_view name;
  double count = 0;
};

/// The functions are called by one thread. Passes of a step come in the order of their index; with several ranks
/// (comm/ranks.h) each has a Task that is given the passes of its own share.
class Task {
 public:
  virtual ~Task() = default;
  virtual ParameterSet& parameters() = 0;
  virtual Optimizer& optimizer() = 0;

  /// Optimizer steps of the whole run.
  virtual std::int64_t steps() const = 0;
  /// What metrics and messages count once `step` steps are done: steps, or something that grows with them.
  virtual std::int64_t position(std::int64_t step) const { return step; }
  /// "Step" or "Update": the name of an optimizer step in messages.
  virtual const char* step_name() const { return "Step"; }
  /// Names ([a-z0-9_]+) of the numbers besides the loss that passes add up; StepStats::most_sums at most.
  virtual std::vector<std::string> sums() const = 0;
  /// How many numbers the host itself counts for each pass: images, episodes that ended.
  virtual std::size_t counts() const { return 0; }
  /// Those of a pass that has just been staged, or, where a population is evaluated together, of one of its passes.
  virtual void count(const Pass& pass, std::span<double> counts);
  /// Adds the counts of a pass of this or of another rank, after the passes of a step and in their order.
  virtual void add_counts(std::span<const double> counts) { static_cast<void>(counts); }

  /// Gets the data of a step, of the passes of this rank: may wait for it, but never for an update. False if
  /// `keep_going` ended the wait.
  virtual bool prepare(std::int64_t step, const KeepGoing& keep_going);
  /// Rewinds step memory and sends the data of a pass to the device. Not recorded. Called again with the same pass it
  /// stages the same numbers, as long as the step is not `done`.
  virtual void stage(const Pass& pass) = 0;
  /// Of the staged pass.
  virtual PassShape shape() const = 0;
  /// Forward and backward of the staged pass. Gradients are written to slots that hold zero. Does not wait for the
  /// device: can be recorded.
  virtual PassOutcome gradient(const TensorWatcher& watcher) = 0;
  PassOutcome gradient() { return gradient({}); }
  /// Forward alone: the same loss and sums.
  virtual PassOutcome loss() = 0;
  /// Pairs of a population that `member_losses` takes at most; 0: it is not implemented, and members are evaluated one
  /// after the other by `stage` and `loss`.
  virtual std::int64_t pairs_at_once() const { return 0; }
  /// Stages the passes and evaluates two members of a population on each, members 2i and 2i + 1 on passes[i]: the same
  /// loss and sums as `stage` and `loss` with the parameters theta[member], whatever the other members are. theta
  /// [2 passes, n] has all n parameters in the order of the ParameterSet, row by row.
  virtual MemberOutcome member_losses(std::span<const Pass> passes, const Tensor& theta);
  /// Every change of the parameters (update, restored checkpoint, best model) is done by `work`, while nobody else
  /// reads them. It has arrived on the device before anybody does.
  virtual void change_parameters(const std::function<void()>& work) { work(); }
  /// Whether `gradient` may be recorded and replayed: not while other threads use the device.
  virtual bool is_recordable() const { return true; }
  /// Whether the data of a step is held until `done`, for which the loop then waits after every step.
  virtual bool holds_data() const { return false; }
  /// The device is done with the step; its data may go. `step` counts from 0.
  virtual void done(std::int64_t step) { static_cast<void>(step); }

  /// What the user should know of the data before training begins, a sentence each.
  virtual std::vector<std::string> warnings() { return {}; }
  /// Fills the row of a report and clears the counts.
  virtual void report(const IntervalTotals& interval, MetricsRow& row) = 0;
  virtual TrainedItems trained() const = 0;

  // For dry runs and benchmarks.
  /// "frames 64x64x3, 15 actions"
  virtual std::string describe_data() const = 0;
  /// "32 unrolls of 50 steps"
  virtual std::string describe_step() const = 0;
  /// Floating-point operations of a pass, forward and backward; 0: not counted.
  virtual double flops_per_pass() const { return 0; }
  /// Steps whose mean time is that of all of them.
  virtual std::int64_t dry_run_steps() const { return 1; }

  /// Adds what it counts itself, and what it needs to continue; to Checkpoint::state only what is of its own passes,
  /// under names that no other rank uses.
  virtual void save(Checkpoint& checkpoint) = 0;
  /// Continues from a checkpoint whose parameters are restored already; says why the continuation is not exact, if it
  /// is not.
  virtual std::optional<std::string> load(const Checkpoint& checkpoint) = 0;

  /// Whether all ranks take part in `validate` and `test`; else rank 0 evaluates alone.
  virtual bool evaluates_on_all_ranks() const { return false; }
  /// Called only where the spec asks for validations.
  virtual Validation validate(const KeepGoing& keep_going) = 0;
  /// What the best model is chosen by, the larger the better: "accuracy".
  virtual std::string_view validation_metric() const = 0;
  /// Whether the spec asks for an evaluation at the end.
  virtual bool tests() const = 0;
  /// That evaluation; no sections if the spec asks for none.
  virtual TestOutcome test(Logger& logger, const KeepGoing& keep_going) = 0;
};

inline MemberOutcome Task::member_losses(std::span<const Pass> passes, const Tensor& theta) {
  static_cast<void>(passes);
  static_cast<void>(theta);
  throw InternalError("A task without pairs_at_once was asked for the losses of members.");
}

inline void Task::count(const Pass& pass, std::span<double> counts) {
  static_cast<void>(pass);
  static_cast<void>(counts);
}

inline bool Task::prepare(std::int64_t step, const KeepGoing& keep_going) {
  static_cast<void>(step);
  static_cast<void>(keep_going);
  return true;
}

}  // namespace srwm
