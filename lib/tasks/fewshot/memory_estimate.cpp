#include "tasks/fewshot/memory_estimate.h"

#include "ops/backend.h"
#include "tasks/fewshot/learner.h"

namespace srwm {

MemoryEstimate estimate_memory(const ExperimentSpec& spec_of_run, int threads, const FewShotData& data) {
  const ExperimentSpec spec = with_longest_episodes(spec_of_run);
  Context context(cpu_backend(), DType::f32, threads, spec.seed);
  FewShotLearner learner(context, spec, data.image_shape());
  constexpr double tensors = 4;  // value, gradient, two moments
  const double step = pass_memory(spec.train.batch, [&](std::int64_t episodes) {
    EpisodeBatch batch;
    data.training().batch(0, episodes, batch);
    learner.accumulate_gradient(context, batch, data.training().pool());
    return static_cast<double>(context.arena().peak());
  });
  return {.state = static_cast<double>(learner.parameters().count()) * sizeof(float) * tensors, .step = step};
}

void check_memory(const ExperimentSpec& spec, const Context& context, const FewShotData& data, std::int64_t runs) {
  if (context.device().kind != Device::Kind::cpu) return;
  require_training_memory(estimate_memory(spec, context.threads(), data), spec.train.batch, runs);
}

}  // namespace srwm
