#include "tasks/rl/memory_estimate.h"

#include <vector>

#include "ops/backend.h"
#include "tasks/rl/env_group.h"
#include "tasks/rl/learner.h"

namespace srwm {
namespace {

/// Black frames of a game in which nothing happens.
UnrollRows blank_rows(Context& context, const Agent& agent, FrameShape frame, std::int64_t rows, std::int64_t unroll) {
  const std::int64_t steps = unroll + 1;
  UnrollRows blank{.frames = context.empty({rows, steps, frame.height, frame.width, frame.channels}, DType::u8),
                   .rewards = context.empty({rows, steps}, DType::f32),
                   .is_first = context.empty({rows, steps}, DType::u8),
                   .actions = context.empty({rows, steps}, DType::i32),
                   .log_probs = context.empty({rows, steps}, DType::f32),
                   .state = {}};
  std::vector<Tensor> all{blank.frames, blank.rewards, blank.is_first, blank.actions, blank.log_probs};
  for (const Shape& shape : agent.state_shapes(rows)) {
    all.push_back(context.empty(shape));
    blank.state.push_back(all.back());
  }
  for (const Tensor& tensor : all) context.queue().zero(tensor.raw(), tensor.bytes());
  return blank;
}

/// Bytes of all rings of a run.
double ring_memory(const RlSpec& spec, const Agent& agent, FrameShape frame) {
  const std::int64_t groups = spec.train.accumulate * halves(spec), size = spec.env.actors / groups;
  const std::int64_t rows = groups * UnrollRing::rows_for(size, spec.train.batch, groups_ahead(spec));
  return static_cast<double>(rows) * UnrollRing::row_bytes(agent, frame, spec.train.unroll);
}

}  // namespace

MemoryEstimate estimate_memory(const RlSpec& spec, int threads, const std::shared_ptr<const EnvLibrary>& library) {
  Context context(cpu_backend(), DType::f32, threads, spec.seed);
  const EnvGroup envs(context, library, training_request(spec, 0, std::ssize(game_names(spec))));
  RlLearner learner(context, spec, envs.frame(), envs.actions());
  const double step = pass_memory(spec.train.batch, [&](std::int64_t rows) {
    context.rewind();
    learner.gradient(context, blank_rows(context, learner.agent(), envs.frame(), rows, spec.train.unroll));
    return static_cast<double>(context.arena().peak());
  });
  constexpr double tensors = 3;  // value, gradient, mean square
  const double parameters = static_cast<double>(learner.parameters().count()) * sizeof(float) * tensors;
  return {.state = parameters + ring_memory(spec, learner.agent(), envs.frame()), .step = step};
}

void check_memory(const RlSpec& spec, const Context& context, const std::shared_ptr<const EnvLibrary>& library,
                  std::int64_t runs) {
  if (context.device().kind != Device::Kind::cpu) return;
  require_training_memory(estimate_memory(spec, context.threads(), library), spec.train.batch, runs);
}

}  // namespace srwm
