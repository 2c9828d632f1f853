#include "rl/snapshot.h"

namespace srwm {
namespace {

std::string mean_square(const Parameter& parameter) {
  return "square_avg." + parameter.name;
}

}  // namespace

Checkpoint snapshot(Context& context, const RlLearner& learner) {
  Checkpoint checkpoint;
  std::size_t i = 0;
  for (const Parameter& parameter : learner.parameters().parameters()) {
    checkpoint.model.push_back({parameter.name, context.on_host(parameter.value)});
    checkpoint.optimizer.push_back({mean_square(parameter), context.on_host(learner.optimizer().tensors()[i++].v)});
  }
  checkpoint.progress.step = learner.optimizer().steps_done();
  return checkpoint;
}

void restore_model(Context& context, const Checkpoint& checkpoint, RlLearner& learner) {
  for (const Parameter& parameter : learner.parameters().parameters()) {
    restore_tensor(context, checkpoint, &Checkpoint::model, parameter.name, parameter.value);
  }
}

void restore_optimizer(Context& context, const Checkpoint& checkpoint, RlLearner& learner) {
  std::size_t i = 0;
  for (const Parameter& parameter : learner.parameters().parameters()) {
    restore_tensor(context, checkpoint, &Checkpoint::optimizer, mean_square(parameter),
                   learner.optimizer().tensors()[i++].v);
  }
  learner.optimizer().set_steps_done(checkpoint.progress.step);
}

}  // namespace srwm
