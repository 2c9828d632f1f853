// Meta-training of a learning rule as a task of the training loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/ranks.h"
#include "optim/adam.h"
#include "tasks/vsml/clone_training.h"
#include "tasks/vsml/data.h"
#include "tasks/vsml/learning_rule.h"
#include "tasks/vsml/vsml_spec.h"
#include "train/task.h"

namespace srwm {

/// A pass is train.batch episodes, whose numbers follow from that of the pass; a pair of a population is one episode.
class VsmlTask final : public Task {
 public:
  /// SpecError if nothing is to be trained.
  VsmlTask(const VsmlSpec& spec, Context& context, std::shared_ptr<const VsmlData> data,
           Ranks& ranks = no_other_ranks());

  LearningRule& rule() { return *rule_; }
  ParameterSet& parameters() override { return parameters_; }
  Optimizer& optimizer() override { return *adam_; }
  std::int64_t steps() const override { return spec_.train.steps; }
  std::vector<std::string> sums() const override { return {"accuracy", "late_accuracy"}; }
  /// Examples.
  std::size_t counts() const override { return 1; }
  void count(const Pass& pass, std::span<double> counts) override;
  void add_counts(std::span<const double> counts) override;

  void stage(const Pass& pass) override;
  PassShape shape() const override { return {}; }
  using Task::gradient;
  PassOutcome gradient(const TensorWatcher& watcher) override;
  PassOutcome loss() override;
  bool is_recordable() const override { return false; }
  std::int64_t pairs_at_once() const override;
  MemberOutcome member_losses(std::span<const Pass> passes, const Tensor& theta) override;

  void report(const IntervalTotals& interval, MetricsRow& row) override;
  TrainedItems trained() const override { return {"examples", static_cast<double>(examples_)}; }
  std::string describe_data() const override;
  std::string describe_step() const override;
  void save(Checkpoint& checkpoint) override { static_cast<void>(checkpoint); }
  std::optional<std::string> load(const Checkpoint& checkpoint) override;

  bool evaluates_on_all_ranks() const override { return true; }
  Validation validate(const KeepGoing& keep_going) override;
  std::string_view validation_metric() const override { return "accuracy"; }
  bool tests() const override { return spec_.test.episodes > 0; }
  TestOutcome test(Logger& logger, const KeepGoing& keep_going) override;

 private:
  template <typename Run>
  PassOutcome over_batches(const Run& run);
  void draw();
  PassOutcome clone_outcome(double loss);
  Tensor theta_of(const OnlineBatch& batch, const Pass& first, const Tensor& theta);
  Tensor on_device(std::span<const double> values);

  VsmlSpec spec_;
  Context& context_;
  std::shared_ptr<const VsmlData> data_;
  Ranks& ranks_;
  ParameterSet parameters_;
  std::unique_ptr<LearningRule> rule_;
  std::optional<CloneTraining> clone_;  ///< instead of streams to train on
  std::optional<Adam> adam_;
  std::unique_ptr<OnlineStream> training_;
  std::vector<std::int64_t> numbers_;  ///< of the staged episodes
  std::vector<OnlineBatch> batches_;
  std::vector<double> losses_, accuracies_, late_;     ///< of members
  std::int64_t interval_examples_ = 0, examples_ = 0;  ///< in this session
};

}  // namespace srwm
