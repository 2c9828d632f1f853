#include "fewshot/dry_run.h"

#include <cmath>

#include <fmt/core.h>

#include "core/clock.h"
#include "core/memory.h"
#include "fewshot/learner.h"
#include "nn/named_values.h"
#include "run/parameter_table.h"
#include "run/progress.h"

namespace srwm {
namespace {

double mebibytes(double bytes) {
  return bytes / (1 << 20);
}

std::string memory_table(const ParameterSet& set, const Context& context, const ImagePool& pool) {
  const auto state = static_cast<double>(set.count()) * 4 * 4;  // value, gradient, two moments
  const auto step = static_cast<double>(context.arena().reserved());
  double images = 0;
  for (const ImageSet& set_of_images : pool.sets) images += static_cast<double>(set_of_images.images.bytes());
  return fmt::format(
      "memory: {:.0f} MiB = parameters, gradients and moments {:.0f} + one step {:.0f} + training images {:.0f}; this "
      "process can use {:.0f} MiB more\n",
      mebibytes(state + step + images), mebibytes(state), mebibytes(step), mebibytes(images),
      mebibytes(available_memory()));
}

}  // namespace

ExperimentSpec with_longest_episodes(ExperimentSpec spec) {
  spec.protocol.first_ways = spec.protocol.ways_steps = spec.protocol.max_trim = 0;
  return spec;
}

std::string describe_dry_run(const ExperimentSpec& spec, Context& context, const FewShotData& data) {
  FewShotLearner learner(context, spec, data.image_shape());
  const EpisodeSource& source = data.training();
  EpisodeBatch batch;
  source.batch(0, spec.train.batch, batch);
  learner.accumulate_gradient(context, batch, source.pool());  // touches every page for the first time
  const auto start = Clock::now();
  learner.parameters().zero_grad();
  const BatchOutcome outcome = learner.accumulate_gradient(context, batch, source.pool());
  const double seconds = seconds_since(start);
  return fmt::format("{}: dry run on {}, {} threads\n{}{}", spec.name, context.device().to_string(), context.threads(),
                     parameter_table(named_values(learner.parameters())),
                     memory_table(learner.parameters(), context, source.pool())) +
         fmt::format("one batch: {} episodes of {} images, loss {:.4f} (chance {:.4f}), {:.0f} ms, {} images/s\n",
                     batch.batch, batch.length, outcome.loss, std::log(static_cast<double>(spec.protocol.n_way)),
                     1000 * seconds, format_count(std::lround(static_cast<double>(batch.positions()) / seconds)));
}

}  // namespace srwm
