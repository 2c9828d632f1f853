#include "rl/dry_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/core.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "nn/named_values.h"
#include "rl/learner.h"
#include "rl/library_limits.h"
#include "rl/playground.h"
#include "run/parameter_table.h"
#include "run/progress.h"

namespace srwm {
namespace {

double mebibytes(double bytes) {
  return bytes / (1 << 20);
}

struct Seconds {
  double playing = 0, learning = 0;
};

/// Plays a batch and computes its gradient.
Seconds one_batch(Context& context, Playground& playground, RlLearner& learner) {
  const Clock::time_point start = Clock::now();
  const UnrollRows batch = playground.batch();
  const Clock::time_point played = Clock::now();
  learner.gradient(context, batch);
  context.queue().synchronize();
  playground.done();
  return {std::chrono::duration<double>(played - start).count(),
          std::chrono::duration<double>(Clock::now() - played).count()};
}

/// After so many batches the actors have played just as many unrolls as were learned from; less where that takes long.
std::int64_t batches_of_a_round(const RlSpec& spec) {
  return std::min<std::int64_t>(std::lcm(spec.env.actors, spec.train.batch) / spec.train.batch, 16);
}

/// The most memory that this process has had at once; the library's is in it.
double peak_mebibytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

std::string describe_dry_run(const RlSpec& spec_of_run, Context& context,
                             const std::shared_ptr<const EnvLibrary>& library) {
  check_effective_keys(spec_of_run, *library);
  // Beside the learner the actors would have finished the few batches of this before they are asked for.
  RlSpec spec = spec_of_run;
  spec.train.mode = RlMode::synchronous;
  Playground::Groups groups = make_groups(context, spec, library);
  const FrameShape frame = groups.front()->frame();
  const std::int64_t actions = groups.front()->actions();
  RlLearner learner(context, spec, frame, actions);
  Playground playground(context, learner.agent(), spec, std::move(groups));
  one_batch(context, playground, learner);  // touches every page for the first time
  Seconds seconds;
  const std::int64_t batches = batches_of_a_round(spec);
  for (std::int64_t i = 0; i < batches; ++i) {
    const Seconds one = one_batch(context, playground, learner);
    seconds.playing += one.playing / static_cast<double>(batches);
    seconds.learning += one.learning / static_cast<double>(batches);
  }
  const double state = static_cast<double>(learner.parameters().count()) * 4 * 3;  // value, gradient, mean square
  return fmt::format("{}: dry run on {}, {} threads\n{}", spec.name, context.device().to_string(), context.threads(),
                     parameter_table(named_values(learner.parameters()))) +
         fmt::format(
             "frames {}x{}x{}, {} actions; memory: {:.0f} MiB = parameters, gradients and mean squares {:.0f} + "
             "one update {:.0f}; the whole process: {:.0f} MiB\n",
             frame.height, frame.width, frame.channels, actions,
             mebibytes(state + static_cast<double>(context.arena().reserved())), mebibytes(state),
             mebibytes(static_cast<double>(context.arena().reserved())), peak_mebibytes()) +
         fmt::format(
             "one update: {} unrolls of {} steps, {:.0f} ms of playing, then {:.0f} ms of learning, {} steps/s\n",
             spec.train.batch, spec.train.unroll, 1000 * seconds.playing, 1000 * seconds.learning,
             format_count(std::lround(static_cast<double>(spec.train.steps_per_update()) /
                                      (seconds.playing + seconds.learning))));
}

}  // namespace srwm
