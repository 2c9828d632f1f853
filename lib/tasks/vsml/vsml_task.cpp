#include "tasks/vsml/vsml_task.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "run/evaluation_progress.h"
#include "tasks/vsml/evaluator.h"

namespace srwm {
namespace {

/// Validation and test streams are the same for every run.
constexpr std::uint64_t evaluation_seed = 0;

/// A number of the context's type as a tensor [1] that was computed on the host.
Tensor number(Context& context, double value) {
  return context.full({1}, value);
}

double element(const Tensor& host, std::int64_t i) {
  return host.dtype() == DType::f64 ? host.data<double>()[i] : static_cast<double>(host.data<float>()[i]);
}

}  // namespace

VsmlTask::VsmlTask(const VsmlSpec& spec, Context& context, std::shared_ptr<const VsmlData> data, Ranks& ranks)
    : spec_(spec), context_(context), data_(std::move(data)), ranks_(ranks), parameters_(context, spec.seed) {
  if (!spec.model.is_trained()) {
    throw SpecError("model.kind \"{}\" has nothing to meta-train. Evaluate it with srwm eval --config.",
                    name_of(spec.model.kind));
  }
  rule_ = make_rule(parameters_, spec, data_->training_shape(spec));
  if (spec.learns_streams()) {
    training_ = data_->training(spec);
  } else {
    clone_.emplace(context, spec, static_cast<VsmlRule&>(*rule_));
  }
  adam_.emplace(context, parameters_, spec.optim, 1);
}

std::optional<std::string> VsmlTask::load(const Checkpoint&) {
  return std::nullopt;
}

void VsmlTask::stage(const Pass& pass) {
  context_.rewind();
  numbers_.clear();
  if (clone_) {
    numbers_.push_back(pass.number);
    return;
  }
  const std::int64_t episodes = spec_.train.gradient == VsmlGradient::evolution ? 1 : spec_.train.batch;
  for (std::int64_t i = 0; i < episodes; ++i) numbers_.push_back(pass.number * episodes + i);
  draw();
}

/// Draws the episodes of `numbers_`.
void VsmlTask::draw() {
  draw_batches(*training_, numbers_, training_length(spec_), context_.threads(), batches_);
}

/// Those that runs see; both members of a pair see the pair's.
void VsmlTask::count(const Pass&, std::span<double> counts) {
  const std::int64_t runs = spec_.train.gradient == VsmlGradient::evolution ? 2 : spec_.train.batch;
  const EpisodeLength length = clone_ ? EpisodeLength{spec_.clone_options.examples} : training_length(spec_);
  counts[0] = static_cast<double>(runs * length.images * length.streams);
}

void VsmlTask::add_counts(std::span<const double> counts) {
  interval_examples_ += static_cast<std::int64_t>(counts[0]);
  examples_ += static_cast<std::int64_t>(counts[0]);
}

/// Means over the staged episodes of what `run` gives for each batch of them.
template <typename Run>
PassOutcome VsmlTask::over_batches(const Run& run) {
  double loss = 0, accuracy = 0, late = 0;
  for (const OnlineBatch& batch : batches_) {
    const RuleOutput output = run(batch);
    const Tensor losses = context_.on_host(output.loss), logits = floats_on_host(context_, output.logits);
    for (std::int64_t e = 0; e < batch.episodes(); ++e) {
      const EpisodeAccuracy right = accuracy_of(logits, e, batch.labels_of(e));
      loss += element(losses, e);
      accuracy += right.all;
      late += right.late;
    }
  }
  const auto episodes = static_cast<double>(numbers_.size());
  return {.loss = number(context_, loss / episodes),
          .sums = {number(context_, accuracy / episodes), number(context_, late / episodes)}};
}

PassOutcome VsmlTask::gradient(const TensorWatcher& watcher) {
  if (clone_) return clone_outcome(clone_->gradient(context_, numbers_.front()));
  const double weight = 1 / static_cast<double>(numbers_.size());
  return over_batches([&](const OnlineBatch& batch) { return rule_->gradient(context_, batch, weight, watcher); });
}

/// Nothing is predicted while sub-RNNs are trained by themselves.
PassOutcome VsmlTask::clone_outcome(double loss) {
  return {.loss = number(context_, loss), .sums = {number(context_, 0), number(context_, 0)}};
}

PassOutcome VsmlTask::loss() {
  if (clone_) return clone_outcome(clone_->loss(context_, numbers_.front()));
  return over_batches([&](const OnlineBatch& batch) { return rule_->run(context_, batch, {}); });
}

std::int64_t VsmlTask::pairs_at_once() const {
  return std::max<std::int64_t>(16, context_.threads());
}

MemberOutcome VsmlTask::member_losses(std::span<const Pass> passes, const Tensor& theta) {
  context_.rewind();
  numbers_.clear();
  for (const Pass& pass : passes) numbers_.push_back(pass.number);
  draw();
  const auto members = static_cast<std::size_t>(theta.dim(0));
  losses_.assign(members, 0);
  accuracies_.assign(members, 0);
  late_.assign(members, 0);
  for (const OnlineBatch& batch : batches_) {
    const RuleOutput output = rule_->run(context_, batch, theta_of(batch, passes.front(), theta));
    const Tensor loss = context_.on_host(output.loss), logits = floats_on_host(context_, output.logits);
    for (std::int64_t run = 0; run < 2 * batch.episodes(); ++run) {
      const std::int64_t pair = batch.ids[static_cast<std::size_t>(run / 2)].number - passes.front().number;
      const auto member = static_cast<std::size_t>(2 * pair + run % 2);
      const EpisodeAccuracy right = accuracy_of(logits, run, batch.labels_of(run / 2));
      losses_[member] = element(loss, run);
      accuracies_[member] = right.all;
      late_[member] = right.late;
    }
  }
  return {.loss = on_device(losses_), .sums = {on_device(accuracies_), on_device(late_)}};
}

/// The rows of theta for the pairs whose episodes are in the batch, from those of all pairs from `first` on.
Tensor VsmlTask::theta_of(const OnlineBatch& batch, const Pass& first, const Tensor& theta) {
  if (2 * batch.episodes() == theta.dim(0)) return theta;
  Tensor rows = context_.empty({2 * batch.episodes(), theta.dim(1)});
  for (std::int64_t e = 0; e < batch.episodes(); ++e) {
    const std::int64_t pair = batch.ids[static_cast<std::size_t>(e)].number - first.number;
    context_.copy(rows.rows(2 * e, 2 * e + 2), theta.rows(2 * pair, 2 * pair + 2));
  }
  return rows;
}

Tensor VsmlTask::on_device(std::span<const double> values) {
  Tensor tensor = context_.empty({static_cast<std::int64_t>(values.size())}, DType::f64);
  context_.upload(tensor, values.data());
  return tensor;
}

void VsmlTask::report(const IntervalTotals& interval, MetricsRow& row) {
  const auto passes = static_cast<double>(interval.passes);
  const double loss = interval.loss / passes, accuracy = interval.sums[0] / passes, late = interval.sums[1] / passes;
  const double speed = interval.seconds > 0 ? static_cast<double>(interval_examples_) / interval.seconds : 0;
  row.values = {{"loss", loss}};
  if (!clone_) row.values.insert(row.values.end(), {{"accuracy", accuracy}, {"late_accuracy", late}});
  row.values.insert(row.values.end(), {{"grad_norm", interval.grad_norm}, {"rate", interval.rate}});
  row.times = {{"examples_per_second", speed}};
  row.shown = {{"loss", loss}};
  if (!clone_) row.shown.push_back({"accuracy", accuracy, Figure::Style::percent});
  row.shown.push_back({"examples/s", speed, Figure::Style::rate});
  interval_examples_ = 0;
}

std::string VsmlTask::describe_data() const {
  if (clone_) return fmt::format("single sub-RNNs, {} parameters", format_count(parameters_.count()));
  const EpisodeShape shape = training_->shape({});
  return fmt::format("{} inputs, {} classes, {} parameters", shape.inputs, shape.classes,
                     format_count(parameters_.count()));
}

std::string VsmlTask::describe_step() const {
  if (clone_) {
    return fmt::format("{} sub-RNNs of {} examples", spec_.train.batch * spec_.train.accumulate,
                       spec_.clone_options.examples);
  }
  const EpisodeLength length = training_length(spec_);
  const std::string images = length.streams > 1 ? fmt::format("{} x {} images", length.streams, length.images)
                                                : fmt::format("{} images", length.images);
  if (spec_.train.gradient == VsmlGradient::evolution) {
    return fmt::format("{} pairs of episodes of {}", format_count(spec_.train.evolution.population), images);
  }
  return fmt::format("{} episodes of {}", spec_.train.batch * spec_.train.accumulate, images);
}

Validation VsmlTask::validate(const KeepGoing& keep_going) {
  const StreamEvaluations result =
      evaluate_streams(context_, *rule_, *data_, spec_,
                       {.group = "validation", .split = Split::val, .seed = evaluation_seed}, {}, keep_going, ranks_);
  const Estimate accuracy = result.accuracy();
  return {.value = accuracy.value,
          .row = {{"loss", result.loss()}, {"accuracy", accuracy.value}, {"late_accuracy", result.late_accuracy()}},
          .text = result.one_line(),
          .complete = result.complete};
}

TestOutcome VsmlTask::test(Logger& logger, const KeepGoing& keep_going) {
  if (!tests()) return {};
  const std::int64_t episodes = spec_.test.episodes * static_cast<std::int64_t>(spec_.test.streams.datasets.size());
  logger.info("Evaluating {} test episodes.", format_count(episodes));
  EvaluationProgress progress(logger, "test", episodes);
  const StreamEvaluations result = evaluate_streams(
      context_, *rule_, *data_, spec_, {.group = "test", .split = Split::test, .seed = evaluation_seed},
      [&](std::int64_t done) { progress.add(done); }, keep_going, ranks_);
  return {{{"test", to_json(result)}}, result.complete};
}

}  // namespace srwm
