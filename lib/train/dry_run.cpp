#include "train/dry_run.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <sys/resource.h>

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
LoopOptions with_small_population(LoopOptions loop, const Task& task) {
  const std::int64_t pairs = std::max<std::int64_t>(task.pairs_at_once(), 2);
  loop.evolution.population = std::min(loop.evolution.population, pairs);
  return loop;
}

}  // namespace

std::string describe_dry_run(const AnySpec& spec, Context& context, Task& task) {
  const LoopOptions loop = spec.loop();
  const LoopOptions measured = with_small_population(loop, task);
  const double scale = static_cast<double>(loop.passes()) / static_cast<double>(measured.passes());
  TrainingStep training(context, task, measured, spec.seed);
  one_step(context, task, training, 0);  // touches every page for the first time
  const double before = task.trained().count;
  training.set_totals({});
  const std::int64_t steps = task.dry_run_steps();
  Seconds mean;
  for (std::int64_t step = 1; step <= steps; ++step) {
    const Seconds one = one_step(context, task, training, step);
    mean.data += scale * one.data / static_cast<double>(steps);
    mean.learning += scale * one.learning / static_cast<double>(steps);
  }
  const TrainedItems trained = task.trained();
  const double items = scale * (trained.count - before) / static_cast<double>(steps);
  const double loss = training.totals().loss / static_cast<double>(steps * training.passes());
  return fmt::format("{}: dry run on {}, {} threads\n{}", spec.name, context.device().to_string(), context.threads(),
                     parameter_table(named_values(task.parameters()))) +
         memory_line(context, task) +
         fmt::format("one step: {}{}, {:.0f} ms for its data, then {:.0f} ms of learning, loss {:.4f}, {} {}/s\n",
                     task.describe_step(), scale > 1 ? fmt::format(" (measured on {} pairs)", training.passes()) : "",
                     1000 * mean.data, 1000 * mean.learning, loss,
                     format_count(std::lround(items / (mean.data + mean.learning))), trained.name);
}

}  // namespace srwm
