#include "rl/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "nn/find_bad_tensor.h"
#include "optim/rmsprop.h"
#include "rl/library_limits.h"
#include "rl/report.h"
#include "rl/resume_check.h"
#include "rl/snapshot.h"
#include "run/evaluation_progress.h"
#include "spec/print.h"

namespace srwm {
namespace {

/// Names of metrics are [a-z0-9_]+.
std::string metric_name(const std::string& game) {
  std::string name = "return_";
  for (const char c : game) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    name += fits ? c : '_';
  }
  return name;
}

/// Mean over the games of which an episode ended; NaN if none did.
double mean_return(const EpisodeFigures& figures) {
  double sum = 0;
  int games = 0;
  for (std::size_t game = 0; game < figures.returns.size(); ++game) {
    if (figures.episodes[game] == 0) continue;
    sum += figures.mean(game);
    ++games;
  }
  return games == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / games;
}

}  // namespace

RlTrainer::RlTrainer(const RlSpec& spec, Context& context, std::shared_ptr<const EnvLibrary> library,
                     const RunPaths& paths, Logger& logger, StopRequest& stop)
    : spec_(spec),
      context_(context),
      library_(std::move(library)),
      paths_(paths),
      logger_(logger),
      stop_(stop),
      groups_(make_groups(context, spec, library_)),
      learner_(context, spec, groups_.front()->frame(), groups_.front()->actions()),
      playground_(context, learner_.agent(), spec, std::move(groups_)),
      writer_(paths, spec.checkpoint.keep),
      interval_(game_names(spec).size()) {
  for (const std::string& game : game_names(spec)) return_names_.push_back(metric_name(game));
  check_effective_keys(spec, *library_);
}

void RlTrainer::start_from(const std::filesystem::path& checkpoint) {
  restore_model(context_, load_checkpoint(checkpoint), learner_);
}

void RlTrainer::resume() {
  const Checkpoint checkpoint = load_checkpoint(paths_.latest());
  check_resumable(checkpoint, spec_);
  restore_model(context_, checkpoint, learner_);
  restore_optimizer(context_, checkpoint, learner_);
  updates_ = checkpoint.progress.step;
  saved_step_ = steps();
  const bool exact = playground_.restore(context_, checkpoint);
  restore_interval(checkpoint);
  begin(checkpoint.progress.counters.at(Recorder::counter));
  warn_of_different_bits(logger_, checkpoint.arithmetic, arithmetic_of(context_));
  logger_.info("Resuming at step {} of {}.", format_count(steps()), format_count(spec_.train.steps));
  if (!exact) {
    logger_.warn(
        "The state of the environments was not saved ({}): new episodes begin, and the numbers will not be those "
        "of a run without this stop.",
        spec_.train.mode == RlMode::overlapped ? "train.mode is \"overlapped\"" : "the library cannot do it");
  }
}

void RlTrainer::run() {
  if (const std::string limits = describe_limits(*library_); !limits.empty()) logger_.warn("{}", limits);
  run_until(spec_.train.updates());
  finish();
}

void RlTrainer::run_until(std::int64_t last) {
  if (!recorder_) begin(0);
  display_.emplace(logger_, "train", steps(), spec_.train.updates() * spec_.train.steps_per_update());
  train(last);
  display_.reset();
}

void RlTrainer::begin(std::int64_t metric_lines) {
  recorder_.emplace(paths_, metric_lines);
}

void RlTrainer::train(std::int64_t last_update) {
  while (true) {
    const bool last = updates_ >= spec_.train.updates();
    if ((due(spec_.checkpoint.every) || last) && saved_step_ != steps()) save_regular();
    if (updates_ >= last_update) {
      // What is left of an interval; not in the checkpoint, so that a run of more steps goes on as if it had not ended.
      if (last && interval_.updates > 0) report();
      return;
    }
    if (stop_.requested()) stop();
    update();
    if (due(spec_.train.report_every)) report();
    display_->step(steps());
  }
}

void RlTrainer::update() {
  const Clock::time_point start = Clock::now();
  const UnrollRows batch = playground_.batch();
  interval_.waiting += seconds_since(start);
  const Clock::time_point begun = Clock::now();
  interval_.lag += playground_.lag();
  interval_.rate = linear_decay(spec_.optim.rate, steps(), spec_.train.steps);
  learner_.gradient(context_, batch);
  context_.queue().synchronize();  // before the agent is kept from acting
  playground_.change_agent(updates_ + 1, [&] {
    learner_.update(context_, interval_.rate);
    context_.queue().synchronize();
  });
  const LossTotals totals = learner_.totals(context_);
  if (totals.bad_update != 0) fail_not_finite(totals, batch);
  playground_.done();
  playground_.collect(interval_.play);  // after every update: the order of the sums is that of the updates
  ++updates_;
  ++interval_.updates;
  ++interval_.timed_updates;
  interval_.learning += seconds_since(begun);
  interval_.seconds += seconds_since(start);
  steps_here_ += spec_.train.steps_per_update();
  seconds_here_ += seconds_since(start);
}

void RlTrainer::report() {
  const double mean = mean_return(interval_.play.episodes);
  const LossTotals totals = learner_.totals(context_);
  write_metrics(totals, mean);
  const double learned = static_cast<double>(interval_.updates * spec_.train.steps_per_update());
  const Figure entropy{"entropy", -totals.entropy / learned};
  const double steps_per_second = interval_.steps_per_second(spec_.train.steps_per_update());
  const Figure speed{"steps/s", steps_per_second, Figure::Style::rate};
  if (std::isnan(mean)) {
    display_->report(steps(), {entropy, speed});
  } else {
    display_->report(steps(), {{"return", mean}, entropy, speed});
  }
  learner_.set_totals(context_, {});
  interval_ = Interval(return_names_.size());
}

void RlTrainer::write_metrics(const LossTotals& totals, double mean_return) {
  const auto updates = static_cast<double>(interval_.updates);
  const double learned = updates * static_cast<double>(spec_.train.steps_per_update());
  const EpisodeFigures& episodes = interval_.play.episodes;
  std::int64_t ended = 0;
  for (const std::int64_t count : episodes.episodes) ended += count;
  values_ = {{"mean_return", mean_return},
             {"episodes", static_cast<double>(ended)},
             {"loss", totals.loss / updates},
             {"policy_loss", totals.policy / updates},
             {"value_loss", totals.baseline / learned},
             {"entropy", -totals.entropy / learned},
             {"grad_norm", totals.grad_norm},
             {"rate", interval_.rate},
             {"updates", static_cast<double>(updates_)}};
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    values_.push_back({return_names_[game], episodes.mean(game)});
  }
  times_ = {{"steps_per_second", interval_.steps_per_second(spec_.train.steps_per_update())},
            {"policy_lag", interval_.lag / updates},
            {"seconds_env", interval_.play.times.env},
            {"seconds_inference", interval_.play.times.inference},
            {"seconds_learning", interval_.learning},
            {"seconds_waiting", interval_.waiting}};
  recorder_->write(steps(), "train", values_, times_);
}

void RlTrainer::save_regular() {
  writer_.save_regular(state());
  saved_step_ = steps();
}

void RlTrainer::stop() {
  writer_.save_stopped(state());
  saved_step_ = steps();
  display_.reset();
  throw StoppedError(
      "Stopped by {} after step {} of {}. The state is in {}; the same command with --resume goes on from "
      "there.",
      stop_.reason(), format_count(steps()), format_count(spec_.train.steps), paths_.latest().string());
}

void RlTrainer::fail_not_finite(const LossTotals& totals, const UnrollRows& batch) {
  const char* what = std::isfinite(totals.loss) ? "gradient" : "loss";
  const std::string where = find_first_bad_tensor(context_, learner_.parameters(), [&](const TensorWatcher& watcher) {
    learner_.gradient(context_, batch, watcher);
  });
  display_.reset();
  const std::string kept = saved_step_ ? "The last good checkpoint is " + paths_.latest().string() + "."
                                       : "No checkpoint had been written yet.";
  throw NotFiniteError(
      "Update {}: the {} is not finite; the first bad tensor is {}. {} A lower optim.rate or optim.clip_norm usually "
      "helps.",
      totals.bad_update, what, where, kept);
}

Checkpoint RlTrainer::state() {
  Checkpoint checkpoint = snapshot(context_, learner_);
  playground_.save(context_, checkpoint);
  const LossTotals totals = learner_.totals(context_);
  auto& counters = checkpoint.progress.counters;
  auto& reals = checkpoint.progress.reals;
  counters[Recorder::counter] = recorder_->sync();
  counters["env_steps"] = steps();
  counters["interval_updates"] = interval_.updates;
  reals = {{"interval_loss", totals.loss},           {"interval_policy", totals.policy},
           {"interval_baseline", totals.baseline},   {"interval_entropy", totals.entropy},
           {"interval_grad_norm", totals.grad_norm}, {"interval_rate", interval_.rate},
           {"interval_lag", interval_.lag}};
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    reals[fmt::format("interval_returns_{}", game)] = interval_.play.episodes.returns[game];
    counters[fmt::format("interval_episodes_{}", game)] = interval_.play.episodes.episodes[game];
  }
  checkpoint.spec_json = to_json(spec_);
  checkpoint.arithmetic = arithmetic_of(context_);
  return checkpoint;
}

void RlTrainer::restore_interval(const Checkpoint& checkpoint) {
  const auto& counters = checkpoint.progress.counters;
  const auto& reals = checkpoint.progress.reals;
  learner_.set_totals(context_, {.loss = reals.at("interval_loss"),
                                 .policy = reals.at("interval_policy"),
                                 .baseline = reals.at("interval_baseline"),
                                 .entropy = reals.at("interval_entropy"),
                                 .grad_norm = reals.at("interval_grad_norm")});
  interval_.rate = reals.at("interval_rate");
  const auto lag = reals.find("interval_lag");
  if (lag != reals.end()) interval_.lag = lag->second;  // the first checkpoints of agents had none
  interval_.updates = counters.at("interval_updates");
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    interval_.play.episodes.returns[game] = reals.at(fmt::format("interval_returns_{}", game));
    interval_.play.episodes.episodes[game] = counters.at(fmt::format("interval_episodes_{}", game));
  }
}

void RlTrainer::finish() {
  RunResult result;
  if (spec_.test.episodes > 0) {
    RlScores scores = empty_scores(spec_, *library_);
    for (const RlSplit& split : splits_of(spec_, *library_)) {
      logger_.info("Evaluating {} episodes of each game on {}.", format_count(spec_.test.episodes), split.name);
      const auto keep_going = [&] { return !stop_.requested(); };
      EvaluationProgress progress(logger_, split.name, spec_.test.episodes * std::ssize(return_names_));
      const auto count = [&](const EnvGroup& group) { progress.add(episodes_ended(group)); };
      scores.splits.emplace_back(split,
                                 evaluate(context_, learner_.agent(), spec_, library_, split, keep_going, count));
      if (scores.splits.back().second.complete) continue;
      throw StoppedError(
          "Stopped by {} during the test evaluation; training is complete. The same command with --resume "
          "does the evaluation.",
          stop_.reason());
    }
    result.sections = to_sections(scores);
  }
  result.steps = steps();
  result.wall_seconds = recorder_->seconds();
  result.steps_per_second = seconds_here_ > 0 ? static_cast<double>(steps_here_) / seconds_here_ : 0;
  result.seed = spec_.seed;
  write_result(paths_, result, Statement(context_, "", to_json(spec_)));
}

}  // namespace srwm
