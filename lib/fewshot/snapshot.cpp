#include "fewshot/snapshot.h"

namespace srwm {
namespace {

std::string first_moment(const Parameter& parameter) {
  return "exp_avg." + parameter.name;
}
std::string second_moment(const Parameter& parameter) {
  return "exp_avg_sq." + parameter.name;
}

}  // namespace

Checkpoint snapshot(Context& context, const FewShotLearner& learner, const Adam& adam) {
  Checkpoint checkpoint;
  const ParameterSet& set = learner.parameters();
  std::size_t i = 0;
  for (const Parameter& parameter : set.parameters()) {
    const UpdatedTensors& moments = adam.tensors()[i++];
    checkpoint.model.push_back({parameter.name, context.on_host(parameter.value)});
    checkpoint.optimizer.push_back({first_moment(parameter), context.on_host(moments.m)});
    checkpoint.optimizer.push_back({second_moment(parameter), context.on_host(moments.v)});
  }
  for (const StateTensor& state : set.states()) checkpoint.model.push_back({state.name, context.on_host(state.value)});
  checkpoint.progress.step = adam.steps_done();
  return checkpoint;
}

void restore_model(Context& context, const Checkpoint& checkpoint, FewShotLearner& learner) {
  const ParameterSet& set = learner.parameters();
  for (const Parameter& parameter : set.parameters()) {
    restore_tensor(context, checkpoint, &Checkpoint::model, parameter.name, parameter.value);
  }
  for (const StateTensor& state : set.states())
    restore_tensor(context, checkpoint, &Checkpoint::model, state.name, state.value);
}

void restore_optimizer(Context& context, const Checkpoint& checkpoint, const FewShotLearner& learner, Adam& adam) {
  std::size_t i = 0;
  for (const Parameter& parameter : learner.parameters().parameters()) {
    const UpdatedTensors& moments = adam.tensors()[i++];
    restore_tensor(context, checkpoint, &Checkpoint::optimizer, first_moment(parameter), moments.m);
    restore_tensor(context, checkpoint, &Checkpoint::optimizer, second_moment(parameter), moments.v);
  }
  adam.set_steps_done(checkpoint.progress.step);
}

}  // namespace srwm
