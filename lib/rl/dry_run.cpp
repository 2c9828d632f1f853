#include "rl/dry_run.h"

#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "nn/named_values.h"
#include "rl/learner.h"
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
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const UnrollRows batch = playground.batch();
  const Clock::time_point played = Clock::now();
  learner.gradient(context, batch);
  context.queue().synchronize();
  playground.done();
  return {std::chrono::duration<double>(played - start).count(),
          std::chrono::duration<double>(Clock::now() - played).count()};
}

}  // namespace

std::string describe_dry_run(const RlSpec& spec, Context& context, const std::shared_ptr<const EnvLibrary>& library) {
  Playground::Groups groups = make_groups(context, spec, library);
  const FrameShape frame = groups.front()->frame();
  const std::int64_t actions = groups.front()->actions();
  RlLearner learner(context, spec, frame, actions);
  Playground playground(context, learner.agent(), spec, std::move(groups));
  one_batch(context, playground, learner);  // touches every page for the first time
  const Seconds seconds = one_batch(context, playground, learner);
  const double state = static_cast<double>(learner.parameters().count()) * 4 * 3;  // value, gradient, mean square
  return fmt::format("{}: dry run on {}, {} threads\n{}", spec.name, context.device().to_string(), context.threads(),
                     parameter_table(named_values(learner.parameters()))) +
         fmt::format(
             "frames {}x{}x{}, {} actions; memory: {:.0f} MiB = parameters, gradients and mean squares {:.0f} + "
             "one update {:.0f}\n",
             frame.height, frame.width, frame.channels, actions,
             mebibytes(state + static_cast<double>(context.arena().reserved())), mebibytes(state),
             mebibytes(static_cast<double>(context.arena().reserved()))) +
         fmt::format("one update: {} unrolls of {} steps, {:.0f} ms of playing and {:.0f} ms of learning, {} steps/s\n",
                     spec.train.batch, spec.train.unroll, 1000 * seconds.playing, 1000 * seconds.learning,
                     format_count(std::lround(static_cast<double>(spec.train.steps_per_update()) /
                                              (seconds.playing + seconds.learning))));
}

}  // namespace srwm
