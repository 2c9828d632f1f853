#include "tasks/fewshot/fewshot_task.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "run/evaluation_progress.h"
#include "tasks/fewshot/evaluator.h"
#include "tasks/fewshot/flops.h"
#include "train/model_state.h"

namespace srwm {
namespace {

/// Validation and test episodes are the same for every run.
constexpr std::uint64_t evaluation_seed = 0;

constexpr const char* interval_targets_name = "interval_targets";

}  // namespace

FewShotTask::FewShotTask(const ExperimentSpec& spec, Context& context, std::shared_ptr<const FewShotData> data,
                         Ranks& ranks)
    : FewShotTask(spec, context, data->training(), ranks) {
  data_ = std::move(data);
  if (spec.validation.every > 0) validation_ = data_->drawn(Split::val, evaluation_seed);
}

FewShotTask::FewShotTask(const ExperimentSpec& spec, Context& context, const EpisodeSource& training, Ranks& ranks)
    : spec_(spec),
      context_(context),
      training_(training),
      ranks_(ranks),
      learner_(context, spec, training.pool().shape()),
      adam_(context, learner_.parameters(), spec.optim, spec.model.core.hidden) {}

void FewShotTask::stage(const Pass& pass) {
  training_.batch(pass.number * spec_.train.batch, spec_.train.batch, batch_);
  staged_ = learner_.stage(context_, batch_, training_.pool(), placements(pass));
}

void FewShotTask::count(const Pass&, std::span<double> counts) {
  counts[0] = static_cast<double>(staged_.targets.numel());
  counts[1] = static_cast<double>(batch_.positions());
}

void FewShotTask::add_counts(std::span<const double> counts) {
  interval_targets_ += static_cast<std::int64_t>(counts[0]);
  interval_images_ += static_cast<std::int64_t>(counts[1]);
  images_ += static_cast<std::int64_t>(counts[1]);
}

std::span<const Placement> FewShotTask::placements(const Pass& pass) {
  if (!spec_.data.augment.any()) return {};
  placements_.resize(static_cast<std::size_t>(batch_.positions()));
  draw_placements(spec_.data.augment, spec_.seed, pass.number, placements_);
  return placements_;
}

PassShape FewShotTask::shape() const {
  return {batch_.batch, batch_.length, batch_.queries, staged_.targets.numel()};
}

PassOutcome FewShotTask::gradient(const TensorWatcher& watcher) {
  const FewShotLearner::Outcome outcome = learner_.gradient(context_, staged_, watcher);
  return {outcome.loss, {outcome.correct}};
}

PassOutcome FewShotTask::loss() {
  const FewShotLearner::Outcome outcome = learner_.loss(context_, staged_);
  return {outcome.loss, {outcome.correct}};
}

void FewShotTask::report(const IntervalTotals& interval, MetricsRow& row) {
  const double loss = interval.loss / static_cast<double>(interval.passes);
  const double accuracy = interval.sums[0] / static_cast<double>(interval_targets_);
  const double speed = interval.seconds > 0 ? static_cast<double>(interval_images_) / interval.seconds : 0;
  row.values = {{"loss", loss}, {"accuracy", accuracy}, {"grad_norm", interval.grad_norm}, {"rate", interval.rate}};
  row.times = {{"images_per_second", speed}};
  row.shown = {
      {"loss", loss}, {"accuracy", accuracy, Figure::Style::percent}, {"images/s", speed, Figure::Style::rate}};
  interval_targets_ = interval_images_ = 0;
}

std::string FewShotTask::describe_data() const {
  double bytes = 0;
  for (const ImageSet& set : data_->training().pool().sets) bytes += static_cast<double>(set.images.bytes());
  return fmt::format("{}-way episodes, loss by chance {:.4f}; training images {:.0f} MiB", spec_.protocol.n_way,
                     std::log(static_cast<double>(spec_.protocol.n_way)), bytes / (1 << 20));
}

std::string FewShotTask::describe_step() const {
  return fmt::format("{} episodes of {} images", batch_.batch * spec_.loop().passes(), batch_.length);
}

double FewShotTask::flops_per_pass() const {
  return static_cast<double>(batch_.positions()) *
         training_flops_per_image(spec_.model, training_.pool().shape(), spec_.protocol.n_way);
}

void FewShotTask::save(Checkpoint& checkpoint) {
  checkpoint.progress.counters[interval_targets_name] = interval_targets_;
}

std::optional<std::string> FewShotTask::load(const Checkpoint& checkpoint) {
  interval_targets_ = stored_count(checkpoint, interval_targets_name);
  return std::nullopt;
}

Validation FewShotTask::validate(const KeepGoing& keep_going) {
  const std::int64_t episodes = spec_.validation.batches * spec_.train.batch;
  const Evaluation result =
      evaluate(context_, learner_, *validation_, episodes, spec_.train.batch, {}, keep_going, ranks_);
  return {.value = result.accuracy,
          .row = {{"loss", result.loss}, {"accuracy", result.accuracy}, {"ci95", result.ci95}},
          .text = fmt::format("accuracy {}, loss {:.4f}", percent_text(result.accuracy, result.ci95), result.loss),
          .complete = result.episodes == episodes};
}

TestOutcome FewShotTask::test(Logger& logger, const KeepGoing& keep_going) {
  if (!tests()) return {};
  logger.info("Evaluating {} test episodes.", format_count(spec_.test.episodes));
  const auto source = data_->drawn(Split::test, evaluation_seed);
  EvaluationProgress progress(logger, "test", spec_.test.episodes);
  const PredictionSink count = [&](const Prediction& prediction) { progress.add(prediction.episodes); };
  Evaluation result =
      evaluate(context_, learner_, *source, spec_.test.episodes, spec_.train.batch, count, keep_going, ranks_);
  return {.sections = {{"test", to_json(result)}},
          .complete = result.episodes == spec_.test.episodes,
          .by_episode = std::move(result.by_episode)};
}

}  // namespace srwm
