#include "tasks/rl/rl_task.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "run/evaluation_progress.h"
#include "tasks/rl/library_limits.h"
#include "tasks/rl/report.h"
#include "train/model_state.h"

namespace srwm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* interval_lag_name = "interval_lag";

/// Names of metrics are [a-z0-9_]+.
std::string metric_name(const std::string& game) {
  std::string name = "return_";
  for (const char c : game) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    name += fits ? c : '_';
  }
  return name;
}

std::string returns_name(std::size_t game) {
  return fmt::format("interval_returns_{}", game);
}
std::string episodes_name(std::size_t game) {
  return fmt::format("interval_episodes_{}", game);
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

void check_library(const RlSpec& spec, const EnvLibrary& library) {
  check_effective_keys(spec, library);
  if (spec.validation.every == 0) return;
  if (library.takes_levels()) return;
  throw UsageError(
      "validation.every is {}, but the environments of {} have no levels to keep apart for validation. Set "
      "validation.every to 0.",
      spec.validation.every, library.path().string());
}

}  // namespace

RlTask::RlTask(const RlSpec& spec, Context& context, std::shared_ptr<const EnvLibrary> library, Ranks& ranks)
    : spec_(spec),
      context_(context),
      library_(std::move(library)),
      share_(share_of(spec.train.accumulate, ranks.rank(), ranks.size())),
      groups_(ActorPool::make_groups(context, spec, library_, share_)),
      frame_(groups_.front().envs->frame()),
      actions_(groups_.front().envs->actions()),
      learner_(context, spec, frame_, actions_),
      pool_(context, learner_.agent(), spec, std::move(groups_)),
      interval_(game_names(spec).size()),
      of_pass_(game_names(spec).size()) {
  for (const std::string& game : game_names(spec)) return_names_.push_back(metric_name(game));
  check_library(spec, *library_);  // what the environments complain of comes first
}

bool RlTask::prepare(std::int64_t step, const KeepGoing& keep_going) {
  const Clock::time_point start = Clock::now();
  const bool is_there = pool_.prepare(passes_of(step), keep_going);
  interval_.waiting += std::chrono::duration<double>(Clock::now() - start).count();
  return is_there;
}

void RlTask::stage(const Pass& pass) {
  context_.rewind();
  batch_ = pool_.batch(pass.number);
  place_ = pool_.place(pass.number);
}

void RlTask::count(const Pass& pass, std::span<double> counts) {
  of_pass_.episodes.clear();
  of_pass_.times = {};
  pool_.collect(pass.number, of_pass_);
  counts[0] = pool_.lag(pass.number);
  counts[1] = of_pass_.times.env;
  counts[2] = of_pass_.times.inference;
  const auto rest = std::ranges::copy(of_pass_.episodes.returns, counts.begin() + 3).out;
  std::ranges::transform(of_pass_.episodes.episodes, rest, [](std::int64_t n) { return static_cast<double>(n); });
}

void RlTask::add_counts(std::span<const double> counts) {
  interval_.lag += counts[0];
  interval_.play.times.env += counts[1];
  interval_.play.times.inference += counts[2];
  const std::size_t games = return_names_.size();
  for (std::size_t game = 0; game < games; ++game) {
    interval_.play.episodes.returns[game] += counts[3 + game];
    interval_.play.episodes.episodes[game] += static_cast<std::int64_t>(counts[3 + games + game]);
  }
}

PassOutcome RlTask::gradient(const TensorWatcher& watcher) {
  const ActorCriticLoss loss = learner_.gradient(context_, batch_, watcher);
  return {loss.loss.value(), {loss.policy.value(), loss.baseline.value(), loss.entropy.value()}};
}

PassOutcome RlTask::loss() {
  const ActorCriticLoss loss = learner_.loss(context_, batch_);
  return {loss.loss.value(), {loss.policy.value(), loss.baseline.value(), loss.entropy.value()}};
}

void RlTask::change_parameters(const std::function<void()>& work) {
  pool_.change_agent(work, [this] { return learner_.optimizer().steps_done(); });
}

void RlTask::done(std::int64_t step) {
  const PassRange passes = passes_of(step);
  for (std::int64_t pass = passes.first; pass < passes.last; ++pass) pool_.done(pass);
  steps_here_ += spec_.train.steps_per_update();
}

std::vector<std::string> RlTask::warnings() {
  std::string limits = describe_limits(*library_);
  if (limits.empty()) return {};
  return {std::move(limits)};
}

void RlTask::report(const IntervalTotals& interval, MetricsRow& row) {
  const double steps_per_pass = static_cast<double>(spec_.train.unroll * spec_.train.batch);
  const auto passes = static_cast<double>(interval.passes);
  const double learned = passes * steps_per_pass;
  const EpisodeFigures& episodes = interval_.play.episodes;
  const double mean = mean_return(episodes), entropy = -interval.sums[2] / learned;
  const double speed =
      interval.seconds > 0 ? static_cast<double>(interval.timed_passes) * steps_per_pass / interval.seconds : 0;
  const std::int64_t ended = std::accumulate(episodes.episodes.begin(), episodes.episodes.end(), std::int64_t{0});
  row.values = {{"mean_return", mean},
                {"episodes", static_cast<double>(ended)},
                {"loss", interval.loss / passes},
                {"policy_loss", interval.sums[0] / passes},
                {"value_loss", interval.sums[1] / learned},
                {"entropy", entropy},
                {"grad_norm", interval.grad_norm},
                {"rate", interval.rate},
                {"updates", static_cast<double>(learner_.optimizer().steps_done())}};
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    row.values.push_back({return_names_[game], episodes.mean(game)});
  }
  row.times = {{"steps_per_second", speed},
               {"policy_lag", interval_.lag / passes},
               {"seconds_env", interval_.play.times.env},
               {"seconds_inference", interval_.play.times.inference},
               {"seconds_learning", interval.seconds - interval_.waiting},
               {"seconds_waiting", interval_.waiting}};
  if (!std::isnan(mean)) row.shown.push_back({"return", mean});
  row.shown.push_back({"entropy", entropy});
  row.shown.push_back({"steps/s", speed, Figure::Style::rate});
  interval_ = Interval(return_names_.size());
}

std::string RlTask::describe_data() const {
  return fmt::format("frames {}x{}x{}, {} actions", frame_.height, frame_.width, frame_.channels, actions_);
}

std::string RlTask::describe_step() const {
  return fmt::format("{} unrolls of {} steps", spec_.train.batch * spec_.train.accumulate, spec_.train.unroll);
}

std::int64_t RlTask::dry_run_steps() const {
  const std::int64_t group = spec_.env.actors / spec_.train.accumulate;
  return std::min<std::int64_t>(std::lcm(group, spec_.train.batch) / spec_.train.batch, 16);
}

void RlTask::save(Checkpoint& checkpoint) {
  pool_.save(context_, StateWriter(checkpoint.state));
  auto& counters = checkpoint.progress.counters;
  auto& reals = checkpoint.progress.reals;
  counters["env_steps"] = position(checkpoint.progress.step);
  reals[interval_lag_name] = interval_.lag;
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    reals[returns_name(game)] = interval_.play.episodes.returns[game];
    counters[episodes_name(game)] = interval_.play.episodes.episodes[game];
  }
}

std::optional<std::string> RlTask::load(const Checkpoint& checkpoint) {
  const auto lag = checkpoint.progress.reals.find(interval_lag_name);
  if (lag != checkpoint.progress.reals.end()) interval_.lag = lag->second;  // the first checkpoints of agents had none
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    interval_.play.episodes.returns[game] = stored_real(checkpoint, returns_name(game));
    interval_.play.episodes.episodes[game] = stored_count(checkpoint, episodes_name(game));
  }
  if (pool_.restore(context_, checkpoint.state_reader(), checkpoint.progress.counters)) return std::nullopt;
  return fmt::format(
      "The state of the environments was not saved ({}): new episodes begin, and the numbers will not be those "
      "of a run without this stop.",
      spec_.train.mode == RlMode::overlapped ? "train.mode is \"overlapped\"" : "the library cannot do it");
}

Validation RlTask::validate(const KeepGoing& keep_going) {
  const RlValidationSpec& options = spec_.validation;
  const RlSplit split{"validation", options.first_level, options.levels};
  const PlayCount count = shared_evenly(options.episodes, spec_.test.envs);
  const RlEvaluation evaluation = evaluate(context_, learner_.agent(), spec_, library_, split, count, keep_going);
  std::vector<Estimate> returns;
  Validation validation{.complete = evaluation.complete};
  for (const GameScore& score : evaluation.games) returns.push_back({score.mean_return, score.ci95});
  const Estimate mean = mean_of(returns);
  validation.value = mean.value;
  validation.row = {{"mean_return", mean.value},
                    {"ci95", mean.ci95.value_or(std::numeric_limits<double>::quiet_NaN())}};
  for (std::size_t game = 0; game < return_names_.size(); ++game) {
    validation.row.push_back({return_names_[game], evaluation.games[game].mean_return});
  }
  validation.text = fmt::format("mean return {:.3f}", mean.value);
  if (mean.ci95) validation.text += fmt::format(" +- {:.3f}", *mean.ci95);
  return validation;
}

TestOutcome RlTask::test(Logger& logger, const KeepGoing& keep_going) {
  if (!tests()) return {};
  RlScores scores = empty_scores(spec_, *library_);
  const PlayCount count{spec_.test.episodes, spec_.test.envs};
  for (const RlSplit& split : splits_of(spec_, *library_)) {
    logger.info("Evaluating {} episodes of each game on {}.", format_count(spec_.test.episodes), split.name);
    EvaluationProgress progress(logger, split.name, spec_.test.episodes * std::ssize(return_names_));
    const auto watch = [&](const EnvGroup& group) { progress.add(episodes_ended(group)); };
    scores.splits.emplace_back(split,
                               evaluate(context_, learner_.agent(), spec_, library_, split, count, keep_going, watch));
    if (!scores.splits.back().second.complete) return {{}, false};
  }
  return {to_sections(scores)};
}

}  // namespace srwm
