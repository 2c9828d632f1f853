// Few-shot meta-training as a task of the training loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/ranks.h"
#include "optim/adam.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/learner.h"
#include "train/task.h"

namespace srwm {

/// A pass is a batch of train.batch episodes, whose numbers follow from that of the pass.
class FewShotTask final : public Task {
 public:
  FewShotTask(const ExperimentSpec& spec, Context& context, std::shared_ptr<const FewShotData> data,
              Ranks& ranks = no_other_ranks());
  /// Trains on these episodes, which must live longer; can neither validate nor test.
  FewShotTask(const ExperimentSpec& spec, Context& context, const EpisodeSource& training,
              Ranks& ranks = no_other_ranks());

  FewShotLearner& learner() { return learner_; }
  const FewShotLearner& learner() const { return learner_; }
  ParameterSet& parameters() override { return learner_.parameters(); }
  Optimizer& optimizer() override { return adam_; }
  std::int64_t steps() const override { return spec_.train.steps; }
  std::vector<std::string> sums() const override { return {"correct"}; }
  /// Targets and images.
  std::size_t counts() const override { return 2; }
  void count(const Pass& pass, std::span<double> counts) override;
  void add_counts(std::span<const double> counts) override;

  void stage(const Pass& pass) override;
  PassShape shape() const override;
  using Task::gradient;
  PassOutcome gradient(const TensorWatcher& watcher) override;
  PassOutcome loss() override;

  std::vector<std::string> warnings() override { return data_->warnings(context_.threads()); }
  void report(const IntervalTotals& interval, MetricsRow& row) override;
  TrainedItems trained() const override { return {"images", static_cast<double>(images_)}; }
  std::string describe_data() const override;
  std::string describe_step() const override;
  double flops_per_pass() const override;
  void save(Checkpoint& checkpoint) override;
  std::optional<std::string> load(const Checkpoint& checkpoint) override;

  bool evaluates_on_all_ranks() const override { return true; }
  Validation validate(const KeepGoing& keep_going) override;
  std::string_view validation_metric() const override { return "accuracy"; }
  bool tests() const override { return spec_.test.episodes > 0; }
  TestOutcome test(Logger& logger, const KeepGoing& keep_going) override;

 private:
  /// Of the images in batch_: none unless they are augmented.
  std::span<const Placement> placements(const Pass& pass);

  ExperimentSpec spec_;
  Context& context_;
  std::shared_ptr<const FewShotData> data_;  ///< none: episodes of `training_` alone
  const EpisodeSource& training_;
  Ranks& ranks_;
  FewShotLearner learner_;
  Adam adam_;
  std::unique_ptr<EpisodeSource> validation_;

  EpisodeBatch batch_;
  std::vector<Placement> placements_;
  StagedBatch staged_;
  std::int64_t interval_targets_ = 0, interval_images_ = 0;  ///< since the last report; images in this session only
  std::int64_t images_ = 0;                                  ///< in this session
};

}  // namespace srwm
