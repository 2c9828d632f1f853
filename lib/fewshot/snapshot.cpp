#include "fewshot/snapshot.h"

#include <cstring>

namespace srwm {
namespace {

void copy_from(const std::vector<NamedTensor>& stored, const std::string& name, const Tensor& target,
               const std::filesystem::path& path) {
  const Tensor& source = find_tensor(stored, name, target.shape(), target.dtype(), path);
  std::memcpy(target.raw(), source.raw(), target.bytes());
}

std::string first_moment(const Parameter& parameter) {
  return "exp_avg." + parameter.name;
}
std::string second_moment(const Parameter& parameter) {
  return "exp_avg_sq." + parameter.name;
}

}  // namespace

Checkpoint snapshot(const FewShotLearner& learner, const Adam& adam) {
  Checkpoint checkpoint;
  const ParameterSet& set = learner.parameters();
  std::size_t i = 0;
  for (const Parameter& parameter : set.parameters()) {
    const Adam::Moments& moments = adam.moments()[i++];
    checkpoint.model.push_back({parameter.name, parameter.value});
    checkpoint.optimizer.push_back({first_moment(parameter), moments.m});
    checkpoint.optimizer.push_back({second_moment(parameter), moments.v});
  }
  for (const StateTensor& state : set.states()) checkpoint.model.push_back({state.name, state.value});
  checkpoint.progress.step = adam.steps_done();
  return checkpoint;
}

void restore_model(const Checkpoint& checkpoint, const std::filesystem::path& path, FewShotLearner& learner) {
  const ParameterSet& set = learner.parameters();
  for (const Parameter& parameter : set.parameters()) {
    copy_from(checkpoint.model, parameter.name, parameter.value, path);
  }
  for (const StateTensor& state : set.states()) copy_from(checkpoint.model, state.name, state.value, path);
}

void restore_optimizer(const Checkpoint& checkpoint, const std::filesystem::path& path, const FewShotLearner& learner,
                       Adam& adam) {
  std::size_t i = 0;
  for (const Parameter& parameter : learner.parameters().parameters()) {
    const Adam::Moments& moments = adam.moments()[i++];
    copy_from(checkpoint.optimizer, first_moment(parameter), moments.m, path);
    copy_from(checkpoint.optimizer, second_moment(parameter), moments.v, path);
  }
  adam.set_steps_done(checkpoint.progress.step);
}

}  // namespace srwm
