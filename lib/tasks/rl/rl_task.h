// Reinforcement learning as a task of the training loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/pass_tree.h"
#include "comm/ranks.h"
#include "tasks/rl/actor_pool.h"
#include "tasks/rl/evaluator.h"
#include "tasks/rl/learner.h"
#include "tasks/rl/rl_spec.h"
#include "train/task.h"

namespace srwm {

/// A pass is a batch of train.batch unrolls that the actors of its group have played. Positions are steps of
/// environments. In synchronous mode, with a library that saves the state of its environments, a resumed run ends with
/// the bits of one that was not stopped; otherwise new episodes begin, and a warning says so.
class RlTask final : public Task {
 public:
  /// Opens the environments. Errors of VectorEnv; SpecError if the agent's sizes do not fit; UsageError if the spec
  /// asks for validations and the library knows no levels. A rank has the environments of its own passes.
  RlTask(const RlSpec& spec, Context& context, std::shared_ptr<const EnvLibrary> library,
         Ranks& ranks = no_other_ranks());

  const RlLearner& learner() const { return learner_; }
  ParameterSet& parameters() override { return learner_.parameters(); }
  Optimizer& optimizer() override { return learner_.optimizer(); }
  std::int64_t steps() const override { return spec_.train.updates(); }
  std::int64_t position(std::int64_t step) const override { return step * spec_.train.steps_per_update(); }
  const char* step_name() const override { return "Update"; }
  std::vector<std::string> sums() const override { return {"policy", "baseline", "entropy"}; }
  /// Lag, seconds of environments and of inference, and for each game returns and episodes that ended.
  std::size_t counts() const override { return 3 + 2 * return_names_.size(); }
  void count(const Pass& pass, std::span<double> counts) override;
  void add_counts(std::span<const double> counts) override;

  bool prepare(std::int64_t step, const KeepGoing& keep_going) override;
  void stage(const Pass& pass) override;
  PassShape shape() const override { return {place_}; }
  using Task::gradient;
  PassOutcome gradient(const TensorWatcher& watcher) override;
  PassOutcome loss() override;
  void change_parameters(const std::function<void()>& work) override;
  bool holds_data() const override { return true; }
  bool is_recordable() const override { return spec_.train.mode == RlMode::synchronous; }
  void done(std::int64_t step) override;

  std::vector<std::string> warnings() override;
  void report(const IntervalTotals& interval, MetricsRow& row) override;
  TrainedItems trained() const override { return {"steps", static_cast<double>(steps_here_)}; }
  std::string describe_data() const override;
  std::string describe_step() const override;
  /// After so many the actors have played just as many unrolls as were learned from; fewer where that takes long.
  std::int64_t dry_run_steps() const override;
  void save(Checkpoint& checkpoint) override;
  std::optional<std::string> load(const Checkpoint& checkpoint) override;

  Validation validate(const KeepGoing& keep_going) override;
  std::string_view validation_metric() const override { return "mean_return"; }
  bool tests() const override { return spec_.test.episodes > 0; }
  TestOutcome test(Logger& logger, const KeepGoing& keep_going) override;

 private:
  /// Since the last report.
  struct Interval {
    explicit Interval(std::size_t games) : play(games) {}
    PlayReport play;
    double lag = 0;      ///< sum over passes
    double waiting = 0;  ///< seconds for data
  };
  /// Numbers, over the whole run, of the passes of a step that this rank computes.
  PassRange passes_of(std::int64_t step) const {
    const std::int64_t first = step * spec_.train.accumulate;
    return {first + share_.first, first + share_.last};
  }

  RlSpec spec_;
  Context& context_;
  std::shared_ptr<const EnvLibrary> library_;
  PassRange share_;                        ///< of the passes of a step, of this rank
  std::vector<std::string> return_names_;  ///< of metrics, by game
  ActorPool::Groups groups_;               ///< until pool_ takes them
  FrameShape frame_;
  std::int64_t actions_;
  RlLearner learner_;
  ActorPool pool_;

  UnrollRows batch_;  ///< of the staged pass
  std::int64_t place_ = 0;
  Interval interval_;
  PlayReport of_pass_;           ///< kept for its memory
  std::int64_t steps_here_ = 0;  ///< learned from in this session
};

}  // namespace srwm
