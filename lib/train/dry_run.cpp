#include "train/dry_run.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "comm/pass_tree.h"
#include "core/clock.h"
#include "core/memory.h"
#include "nn/named_values.h"
#include "run/parameter_table.h"
#include "run/progress.h"
#include "train/training_step.h"

namespace srwm {
namespace {

double mebibytes(double bytes) {
  return bytes / (1 << 20);
}

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

struct Seconds {
  double data = 0, learning = 0;
};

/// Gets the data of a step and computes its gradient.
Seconds one_step(Context& context, Task& task, TrainingStep& training, std::int64_t step) {
  const Clock::time_point start = Clock::now();
  task.prepare(step, [] { return true; });
  const Clock::time_point prepared = Clock::now();
  training.run_passes(step);
  context.queue().synchronize();
  task.done(step);
  return {seconds_between(start, prepared), seconds_between(prepared, Clock::now())};
}

/// The most memory that this process has had at once; that of libraries is in it.
double peak_mebibytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Values, gradients and the optimizer's state.
double bytes_of_state(Task& task) {
  double bytes = 0;
  for (const Parameter& p : task.parameters().parameters()) bytes += 2 * static_cast<double>(p.value.bytes());
  for (const NamedTensor& state : task.optimizer().state()) bytes += static_cast<double>(state.tensor.bytes());
  return bytes;
}

std::string memory_line(const Context& context, Task& task) {
  const double state = bytes_of_state(task), step = static_cast<double>(context.arena().reserved());
  return fmt::format(
      "{}; memory: {:.0f} MiB = parameters, gradients and optimizer {:.0f} + one step {:.0f}; the whole process: "
      "{:.0f} MiB; it can use {:.0f} MiB more\n",
      task.describe_data(), mebibytes(state + step), mebibytes(state), mebibytes(step), peak_mebibytes(),
      mebibytes(available_memory()));
}

/// A population of thousands takes minutes a step, and its pairs take the same time each.
LoopOptions with_small_population(LoopOptions loop, const Task& task, const Ranks& ranks) {
  const std::int64_t pairs = ranks.size() * std::max<std::int64_t>(task.pairs_at_once(), 2);
  loop.evolution.population = std::min(loop.evolution.population, pairs);
  return loop;
}

/// What the ranks did in the measured steps.
struct RankTimes {
  explicit RankTimes(const Ranks& ranks)
      : passes(static_cast<std::size_t>(ranks.size())), exchange(-ranks.seconds()), bytes(-bytes_sent(ranks)) {}
  static double bytes_sent(const Ranks& ranks) { return static_cast<double>(ranks.bytes_sent()); }
  void add(std::span<const StepNote> notes) {
    for (std::size_t rank = 0; rank < notes.size(); ++rank) passes[rank] += notes[rank].seconds;
  }

  std::vector<double> passes;  ///< seconds, by rank
  double exchange, bytes;      ///< seconds; sent by this rank
};

/// Of so many seconds in all, each of the ranks was busy with passes for `times.passes`; the rest it waited.
std::string describe_ranks(const LoopOptions& loop, const Ranks& ranks, const RankTimes& times, double seconds,
                           std::int64_t steps) {
  const auto per_step = [&](double value) { return value / static_cast<double>(steps); };
  std::string text = fmt::format("{} ranks, {}:\n", ranks.size(), ranks.engine());
  double busy = 0;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    const double passes = times.passes[static_cast<std::size_t>(rank)];
    busy += passes;
    text += fmt::format("  rank {} on {}: {} passes a step, {:.0f} ms\n", rank, ranks.host(rank),
                        share_of(loop.passes(), rank, ranks.size()).count(), 1000 * per_step(passes));
  }
  const double efficiency = busy / (seconds * ranks.size());
  return text + fmt::format(
                    "  exchange: {:.2f} MB sent by rank 0 a step, {:.1f} ms with the wait for the slowest rank\n"
                    "  efficiency {:.2f}: {} runs of one rank each would train {:.2f} times as fast together\n",
                    per_step(times.bytes) / 1e6, 1000 * per_step(times.exchange), efficiency, ranks.size(),
                    1 / efficiency);
}

}  // namespace

std::string describe_dry_run(const AnySpec& spec, Context& context, Task& task, Ranks& ranks) {
  const LoopOptions loop = spec.loop();
  const LoopOptions measured = with_small_population(loop, task, ranks);
  const double scale = static_cast<double>(loop.passes()) / static_cast<double>(measured.passes());
  TrainingStep training(context, task, measured, spec.seed, ranks);
  one_step(context, task, training, 0);  // touches every page for the first time
  const double before = task.trained().count;
  training.set_totals({});
  const std::int64_t steps = task.dry_run_steps();
  Seconds mean;
  RankTimes times(ranks);
  for (std::int64_t step = 1; step <= steps; ++step) {
    const Seconds one = one_step(context, task, training, step);
    mean.data += scale * one.data / static_cast<double>(steps);
    mean.learning += scale * one.learning / static_cast<double>(steps);
    times.add(training.notes());
  }
  times.exchange += ranks.seconds();
  times.bytes += RankTimes::bytes_sent(ranks);
  const TrainedItems trained = task.trained();
  const double items = scale * (trained.count - before) / static_cast<double>(steps);
  const double loss = training.totals().loss / static_cast<double>(steps * training.passes());
  return fmt::format("{}: dry run on {}, {} threads\n{}", spec.name, context.device().to_string(), context.threads(),
                     parameter_table(named_values(task.parameters()))) +
         memory_line(context, task) +
         fmt::format("one step: {}{}, {:.0f} ms for its data, then {:.0f} ms of learning, loss {:.4f}, {} {}/s\n",
                     task.describe_step(), scale > 1 ? fmt::format(" (measured on {} pairs)", training.passes()) : "",
                     1000 * mean.data, 1000 * mean.learning, loss,
                     format_count(std::lround(items / (mean.data + mean.learning))), trained.name) +
         (ranks.is_alone() ? ""
                           : describe_ranks(measured, ranks, times,
                                            (mean.data + mean.learning) * static_cast<double>(steps) / scale, steps));
}

}  // namespace srwm
