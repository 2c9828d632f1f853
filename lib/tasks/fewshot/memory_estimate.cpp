#include "tasks/fewshot/memory_estimate.h"

#include <array>

#include <fmt/format.h>

#include "core/memory.h"
#include "ops/backend.h"
#include "tasks/fewshot/learner.h"

namespace srwm {

MemoryEstimate estimate_memory(const ExperimentSpec& spec_of_run, int threads, const FewShotData& data) {
  const ExperimentSpec spec = with_longest_episodes(spec_of_run);
  Context context(cpu_backend(), DType::f32, threads, spec.seed);
  FewShotLearner learner(context, spec, data.image_shape());
  constexpr double tensors = 4;  // value, gradient, two moments
  MemoryEstimate estimate{.state = static_cast<double>(learner.parameters().count()) * sizeof(float) * tensors};
  std::array<double, 2> peaks{};
  for (std::int64_t episodes = 1; episodes <= 2; ++episodes) {
    EpisodeBatch batch;
    data.training().batch(0, episodes, batch);
    learner.accumulate_gradient(context, batch, data.training().pool());
    peaks[static_cast<std::size_t>(episodes - 1)] = static_cast<double>(context.arena().peak());
  }
  estimate.step = peaks[0] + static_cast<double>(spec.train.batch - 1) * (peaks[1] - peaks[0]);
  return estimate;
}

void check_memory(const ExperimentSpec& spec, const Context& context, const FewShotData& data, std::int64_t runs) {
  if (context.device().kind != Device::Kind::cpu) return;
  const MemoryEstimate estimate = estimate_memory(spec, context.threads(), data);
  require_memory(static_cast<double>(runs) * (estimate.state + estimate.step),
                 fmt::format("training with train.batch {}{}", spec.train.batch,
                             runs > 1 ? fmt::format(", {} runs at once,", runs) : ""),
                 "Use a smaller train.batch; train.accumulate keeps the number of episodes of an update.");
}

}  // namespace srwm
