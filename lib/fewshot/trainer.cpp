#include "fewshot/trainer.h"

#include <cmath>

#include "core/clock.h"
#include "core/error.h"
#include "fewshot/diagnosis.h"
#include "fewshot/report.h"
#include "fewshot/resume_check.h"
#include "fewshot/snapshot.h"
#include "run/evaluation_progress.h"
#include "spec/print.h"

namespace srwm {
namespace {

/// Validation and test episodes are the same for every run.
constexpr std::uint64_t evaluation_seed = 0;

/// A value that every checkpoint of a few-shot run carries; one made by hand or by a converter may not.
template <typename Map>
auto stored(const Map& values, const char* name, const std::filesystem::path& path) {
  const auto entry = values.find(name);
  if (entry != values.end()) return entry->second;
  throw DataError(
      "{} holds a model but not the state of a training run (/progress has no \"{}\"), so it cannot be "
      "resumed. Start a new run from it with --init-from.",
      path.string(), name);
}

}  // namespace

FewShotTrainer::FewShotTrainer(const ExperimentSpec& spec, Context& context, const FewShotData& data,
                               const RunPaths& paths, Logger& logger, StopRequest& stop)
    : spec_(spec),
      context_(context),
      data_(data),
      paths_(paths),
      logger_(logger),
      stop_(stop),
      learner_(context, spec, data.image_shape()),
      adam_(context, learner_.parameters(), spec.optim, spec.model.core.hidden),
      training_step_(context, learner_, adam_, data.training(), spec),
      writer_(paths, spec.checkpoint.keep) {
  if (spec.validation.every > 0) validation_ = data.drawn(Split::val, evaluation_seed);
}

void FewShotTrainer::start_from(const std::filesystem::path& checkpoint) {
  restore_model(context_, load_checkpoint(checkpoint), learner_);
}

void FewShotTrainer::resume() {
  const Checkpoint checkpoint = load_checkpoint(paths_.latest());
  check_resumable(checkpoint, spec_, data_.digest());
  restore_model(context_, checkpoint, learner_);
  restore_optimizer(context_, checkpoint, learner_, adam_);
  const Progress& progress = checkpoint.progress;
  saved_step_ = step_ = progress.step;
  best_metric_ = progress.best_metric;
  best_step_ = progress.best_step;
  const auto count = [&](const char* name) { return stored(progress.counters, name, paths_.latest()); };
  const auto real = [&](const char* name) { return stored(progress.reals, name, paths_.latest()); };
  validated_step_ = count("validated_step");
  interval_ = {.totals = {.loss = real("interval_loss"),
                          .correct = count("interval_correct"),
                          .grad_norm = real("interval_grad_norm")},
               .rate = real("interval_rate"),
               .targets = count("interval_targets"),
               .passes = count("interval_passes")};
  training_step_.set_totals(interval_.totals);
  begin(count(Recorder::counter));
  warn_of_different_bits(logger_, checkpoint.arithmetic, arithmetic_of(context_));
  logger_.info("Resuming at step {} of {}.", format_count(step_), format_count(spec_.train.steps));
}

void FewShotTrainer::run() {
  for (const std::string& warning : data_.warnings(context_.threads())) logger_.warn("{}", warning);
  run_until(spec_.train.steps);
  finish();
}

void FewShotTrainer::run_until(std::int64_t last) {
  if (!recorder_) begin(0);
  display_.emplace(logger_, "train", step_, spec_.train.steps);
  train(last);
  display_.reset();
}

void FewShotTrainer::begin(std::int64_t metric_lines) {
  recorder_.emplace(paths_, metric_lines);
}

void FewShotTrainer::train(std::int64_t last_step) {
  while (true) {
    const bool last = step_ >= spec_.train.steps, validates = validation_ && (due(spec_.validation.every) || last);
    if (validates || due(spec_.checkpoint.every) || last) wait_for_steps();
    // A stop during a validation leaves the step without one: it is made up for on resume.
    if (validates && validated_step_ != step_ && step_ > 0) validate();
    if (due(spec_.checkpoint.every) || last) save_regular();
    if (step_ >= last_step) {
      // What is left of an interval; not in the checkpoint, so that a run of more steps goes on as if it had not ended.
      if (last && interval_.passes > 0) report();
      return;
    }
    if (stop_.requested()) {
      wait_for_steps();
      stop();
    }
    train_step();
    if (due(spec_.train.report_every)) {
      wait_for_steps();
      report();
    }
    display_->step(step_);
  }
}

void FewShotTrainer::train_step() {
  const auto start = Clock::now();
  const TrainingStep::Report report = training_step_.run(step_);
  interval_.rate = report.rate;
  interval_.passes += report.passes;
  interval_.targets += report.targets;
  interval_.images += report.images;
  images_ += report.images;
  ++step_;
  if (training_step_.synchronous()) collect();
  const double seconds = seconds_since(start);
  interval_.seconds += seconds;
  train_seconds_ += seconds;
}

/// Waits for the steps that were started, so that interval_ and the parameters are those after step_.
void FewShotTrainer::collect() {
  interval_.totals = training_step_.totals();
  if (interval_.totals.bad_step != 0) fail_not_finite();
}

void FewShotTrainer::wait_for_steps() {
  const auto start = Clock::now();
  collect();
  const double seconds = seconds_since(start);
  interval_.seconds += seconds;
  train_seconds_ += seconds;
}

void FewShotTrainer::report() {
  const double loss = interval_.totals.loss / static_cast<double>(interval_.passes);
  const double accuracy = static_cast<double>(interval_.totals.correct) / static_cast<double>(interval_.targets);
  const double speed = interval_.seconds > 0 ? static_cast<double>(interval_.images) / interval_.seconds : 0;
  recorder_->write(
      step_, "train",
      {{"loss", loss}, {"accuracy", accuracy}, {"grad_norm", interval_.totals.grad_norm}, {"rate", interval_.rate}},
      {{"images_per_second", speed}});
  display_->report(
      step_,
      {{"loss", loss}, {"accuracy", accuracy, Figure::Style::percent}, {"images/s", speed, Figure::Style::rate}});
  interval_ = {};
  training_step_.set_totals({});
}

void FewShotTrainer::validate() {
  const std::int64_t episodes = spec_.validation.batches * spec_.train.batch;
  const auto keep_going = [&] { return !stop_.requested(); };
  const Evaluation result = evaluate(context_, learner_, *validation_, episodes, spec_.train.batch, {}, keep_going);
  if (result.episodes < episodes) stop();
  validated_step_ = step_;
  recorder_->write(step_, "validation", {{"loss", result.loss}, {"accuracy", result.accuracy}, {"ci95", result.ci95}});
  logger_.info("step {}: validation accuracy {}, loss {:.4f}", format_count(step_),
               percent_text(result.accuracy, result.ci95), result.loss);
  if (best_metric_ && result.accuracy <= *best_metric_) return;
  best_metric_ = result.accuracy;
  best_step_ = step_;
  writer_.save_best(state());
}

void FewShotTrainer::save_regular() {
  writer_.save_regular(state());
  saved_step_ = step_;
}

void FewShotTrainer::stop() {
  writer_.save_stopped(state());
  saved_step_ = step_;
  const std::int64_t step = step_;
  display_.reset();
  throw StoppedError(
      "Stopped by {} after step {} of {}. The state is in {}; the same command with --resume goes on from "
      "there.",
      stop_.reason(), format_count(step), format_count(spec_.train.steps), paths_.latest().string());
}

void FewShotTrainer::fail_not_finite() {
  const std::int64_t bad = interval_.totals.bad_step;
  const char* what = std::isfinite(interval_.totals.loss) ? "gradient" : "loss";
  const EpisodeBatch& batch = training_step_.draw_again(bad - 1);
  const std::string where = find_first_bad_tensor(context_, learner_, batch, data_.training().pool());
  display_.reset();
  const std::string kept = saved_step_ ? "The last good checkpoint is " + paths_.latest().string() + "."
                                       : "No checkpoint had been written yet.";
  throw NotFiniteError(
      "Step {}: the {} is not finite; the first bad tensor is {}. {} A lower optim.rate, a warm-up "
      "(optim.schedule) or optim.clip_norm usually helps.",
      bad, what, where, kept);
}

Checkpoint FewShotTrainer::state() {
  Checkpoint checkpoint = snapshot(context_, learner_, adam_);
  checkpoint.progress.best_metric = best_metric_;
  checkpoint.progress.best_step = best_step_;
  checkpoint.progress.counters = {{Recorder::counter, recorder_->sync()},
                                  {"validated_step", validated_step_},
                                  {"interval_correct", interval_.totals.correct},
                                  {"interval_targets", interval_.targets},
                                  {"interval_passes", interval_.passes}};
  checkpoint.progress.reals = {{"interval_loss", interval_.totals.loss},
                               {"interval_grad_norm", interval_.totals.grad_norm},
                               {"interval_rate", interval_.rate}};
  checkpoint.spec_json = to_json(spec_);
  checkpoint.data_digest = data_.digest();
  checkpoint.arithmetic = arithmetic_of(context_);
  return checkpoint;
}

void FewShotTrainer::load_best() {
  const std::filesystem::path path = best_metric_ ? paths_.best() : paths_.latest();
  restore_model(context_, load_checkpoint(path), learner_);
}

void FewShotTrainer::finish() {
  RunSummary summary{.seed = spec_.seed, .steps = step_, .best_metric = best_metric_, .best_step = best_step_};
  if (spec_.test.episodes > 0) {
    load_best();
    logger_.info("Evaluating {} test episodes.", format_count(spec_.test.episodes));
    const auto source = data_.drawn(Split::test, evaluation_seed);
    const auto keep_going = [&] { return !stop_.requested(); };
    EvaluationProgress progress(logger_, "test", spec_.test.episodes);
    const PredictionSink count = [&](const Prediction& prediction) { progress.add(prediction.episodes); };
    summary.test = evaluate(context_, learner_, *source, spec_.test.episodes, spec_.train.batch, count, keep_going);
    if (summary.test->episodes < spec_.test.episodes) {
      throw StoppedError(
          "Stopped by {} during the test evaluation; training is complete. The same command with --resume "
          "does the evaluation.",
          stop_.reason());
    }
  }
  summary.wall_seconds = recorder_->seconds();
  summary.images_per_second = train_seconds_ > 0 ? static_cast<double>(images_) / train_seconds_ : 0;
  write_result(paths_, to_result(summary), Statement(context_, data_.digest(), to_json(spec_)));
}

}  // namespace srwm
