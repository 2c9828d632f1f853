#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "core/error.h"
#include "nn/find_bad_tensor.h"
#include "run/result.h"
#include "run/test_episodes.h"
#include "spec/print.h"
#include "train/model_state.h"
#include "train/rank_checkpoints.h"

namespace srwm {
namespace {

/// Names of numbers in checkpoints.
constexpr const char* validated_step_name = "validated_step";
constexpr const char* interval_passes_name = "interval_passes";
/// What checkpoints of agents called that before there were passes.
constexpr const char* interval_updates_name = "interval_updates";

std::string interval_name(const std::string& sum) {
  return "interval_" + sum;
}

}  // namespace

Trainer::Trainer(const AnySpec& spec, Context& context, Task& task, std::string data_digest, const RunPaths& paths,
                 Logger& logger, StopRequest& stop, Ranks& ranks)
    : spec_(spec),
      loop_(spec.loop()),
      context_(context),
      task_(task),
      data_digest_(std::move(data_digest)),
      paths_(paths),
      logger_(logger),
      stop_(stop),
      keep_going_([this] { return !stop_.requested(); }),
      ranks_(ranks),
      steps_(task.steps()),
      sums_(task.sums()),
      training_step_(context, task, loop_, spec.seed, ranks),
      writer_(paths, loop_.checkpoint.keep),
      rank_seconds_(static_cast<std::size_t>(ranks.size())) {
  ranks_.set_way_on("No checkpoint was written. Rerun with --resume, on any number of ranks.");
}

void Trainer::choose_threads() {
  if (context_.device().kind == Device::Kind::cpu && task_.is_recordable()) thread_choice_.emplace(context_.threads());
}

void Trainer::start_from(const std::filesystem::path& checkpoint) {
  const Checkpoint from = load_on_all_ranks(checkpoint, ranks_);
  task_.change_parameters([&] { restore_model(context_, from, task_.parameters()); });
}

void Trainer::resume() {
  ranks_.set_phase("the start", 0);
  const Checkpoint checkpoint = load_on_all_ranks(paths_.latest(), ranks_);
  check_resumable(checkpoint, spec_, data_digest_);
  const Progress& progress = checkpoint.progress;
  if (progress.step > steps_) {
    throw SpecError("{} is at step {}, beyond train.steps = {}. Raise train.steps, or choose another --run-dir.",
                    checkpoint.path.string(), task_.position(progress.step), task_.position(steps_));
  }
  task_.change_parameters([&] {
    restore_model(context_, checkpoint, task_.parameters());
    restore_optimizer(context_, checkpoint, task_.optimizer());
  });
  step_ = progress.step;
  saved();
  best_metric_ = progress.best_metric;
  best_step_ = progress.best_step;
  restore_interval(checkpoint);
  const std::optional<std::string> inexact = task_.load(checkpoint);
  if (!ranks_.is_first()) return;
  begin(stored_count(checkpoint, Recorder::counter));
  warn_of_different_bits(logger_, checkpoint.arithmetic, arithmetic_of(context_));
  logger_.info("Resuming at step {} of {}.", format_count(position()), format_count(task_.position(steps_)));
  if (inexact) logger_.warn("{}", *inexact);
}

void Trainer::restore_interval(const Checkpoint& checkpoint) {
  const auto& counters = checkpoint.progress.counters;
  const auto real = [&](const std::string& name) {
    const auto counted = counters.find(name);  // format 1 has whole numbers as counters
    return counted != counters.end() ? static_cast<double>(counted->second) : stored_real(checkpoint, name);
  };
  const bool by_updates = counters.contains(interval_updates_name);
  const std::int64_t passes = stored_count(checkpoint, by_updates ? interval_updates_name : interval_passes_name);
  interval_ = {.loss = real("interval_loss"),
               .grad_norm = real("interval_grad_norm"),
               .rate = real("interval_rate"),
               .passes = passes};
  for (std::size_t i = 0; i < sums_.size(); ++i) interval_.sums[i] = real(interval_name(sums_[i]));
  if (counters.contains(validated_step_name)) validated_step_ = counters.at(validated_step_name);
  training_step_.set_totals({.loss = interval_.loss, .sums = interval_.sums, .grad_norm = interval_.grad_norm});
}

void Trainer::run() {
  for (const std::string& warning : task_.warnings()) {
    if (ranks_.is_first()) logger_.warn("{}", warning);
  }
  run_until(steps_);
  finish();
}

void Trainer::run_until(std::int64_t last) {
  if (!recorder_ && ranks_.is_first()) begin(0);
  if (ranks_.is_first()) display_.emplace(logger_, "train", position(), task_.position(steps_));
  train(last);
  display_.reset();
}

std::optional<std::int64_t> Trainer::saved_step() const {
  return saved_step_ ? std::optional(task_.position(*saved_step_)) : std::nullopt;
}

void Trainer::begin(std::int64_t metric_lines) {
  recorder_.emplace(paths_, metric_lines);
}

void Trainer::train(std::int64_t last_step) {
  while (true) {
    const bool saves = due(loop_.checkpoint.every) || step_ >= steps_;
    if (validates() || saves) wait_for_steps();
    // A stop during a validation leaves the step without one: it is made up for on resume.
    if (validates() && validated_step_ != step_ && step_ > 0) validate();
    const bool last = step_ >= steps_ || is_out_of_patience();
    if (saves || last) save_regular();
    if (last || step_ >= last_step) {
      if (step_ < steps_ && last && ranks_.is_first()) {
        logger_.info("No better validation since step {}: training ends.", format_count(task_.position(best_step_)));
      }
      // The rest of an interval; not in the checkpoint, so that a run of more steps continues as if it had not ended.
      if (last && interval_.passes > 0) report();
      return;
    }
    if (stops()) stop();
    train_step();
    if (due(loop_.report_every)) {
      wait_for_steps();
      report();
    }
    if (display_) display_->step(position());
  }
}

/// By numbers that are in the checkpoint: a run that is stopped before it is tested ends there when it is resumed.
bool Trainer::is_out_of_patience() const {
  if (loop_.patience == 0 || validated_step_ != step_ || !best_metric_) return false;
  return validated_step_ - best_step_ >= loop_.patience * loop_.validation_every;
}

/// Counts the time of `work` as spent on training, and returns it in seconds.
template <typename Work>
double Trainer::timed(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  interval_.seconds += seconds;
  train_seconds_ += seconds;
  return seconds;
}

void Trainer::train_step() {
  const double seconds = timed([&] {
    // With several ranks a stop waits for the end of the step, which all of them agree on.
    if (!task_.prepare(
            step_, ranks_.is_alone() ? keep_going_ : [] { return true; }))
      stop();
    if (!ranks_.is_alone()) training_step_.set_stop_reason(stop_.reason());
    interval_.rate = training_step_.run(step_);
    interval_.passes += training_step_.passes();
    interval_.timed_passes += training_step_.passes();
    ++step_;
    if (!ranks_.is_alone()) take_notes();
    // On a CPU nothing is left running, so that a wait costs nothing.
    const bool synchronous = context_.device().kind == Device::Kind::cpu;
    if (synchronous || task_.holds_data()) collect();
    task_.done(step_ - 1);
  });
  if (!thread_choice_) return;
  thread_choice_->add_step(seconds);
  context_.set_threads(thread_choice_->threads());
}

/// What the ranks said of the step.
void Trainer::take_notes() {
  std::size_t rank = 0;
  for (const StepNote& note : training_step_.notes()) {
    if (agreed_stop_.empty()) agreed_stop_ = note.stop_reason();
    rank_seconds_[rank++] += note.seconds;
  }
}

/// Waits for the steps that were started, so that interval_ and the parameters are those after step_.
void Trainer::collect() {
  const StepTotals totals = training_step_.totals();
  interval_.loss = totals.loss;
  interval_.sums = totals.sums;
  interval_.grad_norm = totals.grad_norm;
  bad_step_ = totals.bad_step;
  if (bad_step_ != 0) fail_not_finite();
}

void Trainer::wait_for_steps() {
  timed([&] { collect(); });
}

void Trainer::report() {
  row_.values.clear();
  row_.times.clear();
  row_.shown.clear();
  task_.report(interval_, row_);
  if (thread_choice_) {
    const int threads = context_.threads();
    row_.times.push_back({"threads", static_cast<double>(threads)});
    row_.shown.push_back({threads == 1 ? "thread" : "threads", static_cast<double>(threads), Figure::Style::rate});
  }
  if (!ranks_.is_alone()) add_times_of_ranks();
  if (recorder_) recorder_->write(position(), "train", row_.values, row_.times);
  if (display_) display_->report(position(), row_.shown);
  interval_ = {};
  training_step_.set_totals({});
}

void Trainer::add_times_of_ranks() {
  row_.times.push_back({"seconds_exchange", ranks_.seconds() - std::exchange(reported_exchange_, ranks_.seconds())});
  const auto slowest = std::ranges::max_element(rank_seconds_) - rank_seconds_.begin();
  row_.times.push_back({"slowest_rank", static_cast<double>(slowest)});
  std::ranges::fill(rank_seconds_, 0.0);
}

struct Trainer::EvaluationNote {
  double value = 0;      ///< that rank 0 found
  bool complete = true;  ///< on all ranks
  StepNote stop;
};

/// What ranks found in an evaluation, which some may have ended early; sets agreed_stop_ then.
Trainer::EvaluationNote Trainer::agree(double value, bool complete) {
  if (ranks_.is_alone()) return {value, complete, {}};
  EvaluationNote note{value, complete, StepNote::of(complete ? "" : stop_.reason(), 0)};
  const std::vector<Bytes> all = ranks_.all_gather(std::as_bytes(std::span(&note, 1)));
  for (std::size_t rank = all.size(); rank-- > 0;) {
    EvaluationNote other;
    std::memcpy(&other, all[rank].data(), sizeof other);
    note.value = other.value;  // that of rank 0 comes last
    note.complete = note.complete && other.complete;
    if (!other.complete && !other.stop.stop_reason().empty()) agreed_stop_ = other.stop.stop_reason();
  }
  return note;
}

void Trainer::validate() {
  ranks_.set_phase("the validation", step_);
  const Validation result = evaluates() ? task_.validate(keep_going_) : Validation();
  const EvaluationNote note = agree(result.value, result.complete);
  if (!note.complete) stop();
  validated_step_ = step_;
  if (ranks_.is_first()) {
    recorder_->write(position(), "validation", result.row, {});
    logger_.info("step {}: validation {}", format_count(position()), result.text);
  }
  if (best_metric_ && note.value <= *best_metric_) return;
  best_metric_ = note.value;
  best_step_ = step_;
  const Checkpoint best = state();
  if (ranks_.is_first()) writer_.save_best(best);
}

void Trainer::save_regular() {
  const Checkpoint checkpoint = state();
  check_same_on_all_ranks(checkpoint, ranks_);
  if (ranks_.is_first()) writer_.save_regular(checkpoint);
  saved();
}

/// The state of this step is in latest.h5, or will be before any other rank can be missed.
void Trainer::saved() {
  saved_step_ = step_;
  if (ranks_.is_alone()) return;
  ranks_.set_way_on(fmt::format(
      "The last checkpoint is {}, step {}. The same command with --resume goes on from there, on any number of ranks.",
      paths_.latest().string(), format_count(position())));
}

void Trainer::stop() {
  wait_for_steps();
  const Checkpoint checkpoint = state();
  if (ranks_.is_first()) writer_.save_stopped(checkpoint);
  saved();
  ranks_.barrier();  // nobody ends before the checkpoint is there: some launchers kill the others then
  display_.reset();
  throw StoppedError(
      "Stopped by {} after step {} of {}. The state is in {}; the same command with --resume goes on from "
      "there.",
      stop_reason(), format_count(position()), format_count(task_.position(steps_)), paths_.latest().string());
}

void Trainer::fail_not_finite() {
  const std::string kept = saved_step_ ? "The last good checkpoint is " + paths_.latest().string() + "."
                                       : "No checkpoint had been written yet.";
  if (training_step_.has_population()) {
    display_.reset();
    fail_population(kept);
  }
  const char* what = std::isfinite(interval_.loss) ? "gradient" : "loss";
  const std::string where = find_bad_tensor();
  display_.reset();
  throw NotFiniteError(
      "{} {}: the {} is not finite; the first bad tensor is {}. {} A lower optim.rate, a warm-up "
      "(optim.schedule) or optim.clip_norm usually helps.",
      task_.step_name(), bad_step_, what, where, kept);
}

/// The first one that a rank finds among its passes.
std::string Trainer::find_bad_tensor() {
  ranks_.set_phase("the search for the first bad tensor", step_);
  std::string here = find_first_bad_tensor(context_, task_.parameters(), [&](const TensorWatcher& watcher) {
    training_step_.watch(bad_step_ - 1, watcher);
  });
  for (const Bytes& found : ranks_.all_gather(to_bytes(here))) {
    if (to_text(found) != no_bad_tensor) return to_text(found);
  }
  return here;
}

void Trainer::fail_population(const std::string& kept) {
  const std::optional<BadMember> bad = training_step_.bad_member();
  const std::string what =
      bad ? fmt::format("pair {}: the loss at theta {} noise", bad->pair + 1, bad->is_plus ? "+" : "-")
          : "the gradient of the population";
  throw NotFiniteError("{} {}, {} is not finite. {} A lower train.noise, optim.rate or optim.clip_norm usually helps.",
                       task_.step_name(), bad_step_, what, kept);
}

Checkpoint Trainer::state() {
  Checkpoint checkpoint = snapshot(context_, task_.parameters(), task_.optimizer());
  Progress& progress = checkpoint.progress;
  progress.best_metric = best_metric_;
  progress.best_step = best_step_;
  progress.counters = {{Recorder::counter, recorder_ ? recorder_->sync() : 0},
                       {validated_step_name, validated_step_},
                       {interval_passes_name, interval_.passes}};
  progress.reals = {{"interval_loss", interval_.loss},
                    {"interval_grad_norm", interval_.grad_norm},
                    {"interval_rate", interval_.rate}};
  for (std::size_t i = 0; i < sums_.size(); ++i) progress.reals[interval_name(sums_[i])] = interval_.sums[i];
  task_.save(checkpoint);
  gather_state(checkpoint.state, ranks_);
  checkpoint.spec_json = to_json(spec_);
  checkpoint.data_digest = data_digest_;
  checkpoint.arithmetic = arithmetic_of(context_);
  return checkpoint;
}

void Trainer::finish() {
  RunResult result;
  ranks_.set_phase("the test", step_);
  if (best_metric_ && task_.tests()) {
    const Checkpoint best = load_on_all_ranks(paths_.best(), ranks_);
    task_.change_parameters([&] { restore_model(context_, best, task_.parameters()); });
  }
  TestOutcome test = evaluates() ? task_.test(logger_, keep_going_) : TestOutcome();
  if (!agree(0, test.complete).complete) {
    throw StoppedError(
        "Stopped by {} during the test evaluation; training is complete. The same command with --resume "
        "does the evaluation.",
        stop_reason());
  }
  if (!ranks_.is_first()) return;
  result.sections = std::move(test.sections);
  if (!test.by_episode.empty()) write_test_episodes(paths_, test.by_episode, generator());
  if (best_metric_) {
    result.sections.emplace_back("validation",
                                 nlohmann::ordered_json{{std::string(task_.validation_metric()), *best_metric_},
                                                        {"step", task_.position(best_step_)}});
  }
  result.steps = position();
  result.wall_seconds = recorder_->seconds();
  const TrainedItems trained = task_.trained();
  result.speed = {std::string(trained.name) + "_per_second", train_seconds_ > 0 ? trained.count / train_seconds_ : 0};
  result.seed = spec_.seed;
  Statement statement(context_, data_digest_, to_json(spec_));
  if (!ranks_.is_alone()) {
    statement.engine = ranks_.engine();
    statement.hosts.clear();
    for (int rank = 0; rank < ranks_.size(); ++rank) statement.hosts.push_back(ranks_.host(rank));
  }
  write_result(paths_, result, statement);
}

}  // namespace srwm
