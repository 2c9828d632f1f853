#include "optim/optimizer.h"

#include <array>

#include "ops/backend.h"

namespace srwm {

Optimizer::Optimizer(Context& context, ParameterSet& parameters, const Schedule& schedule,
                     std::span<const StateName> names)
    : parameters_(parameters), schedule_(schedule), names_(names) {
  for (const Parameter& p : parameters.parameters()) {
    UpdatedTensors& tensors = tensors_.emplace_back(UpdatedTensors{p.value, p.slot.grad, {}, {}});
    for (const StateName& state : names) tensors.*state.tensor = context.persistent(p.value.shape());
  }
  plan_ = context.backend().updates.plan_update(context, tensors_);
  stats_ = context.persistent({StepStats::sums}, DType::f64);
}

double Optimizer::prepare(Context& context) {
  const double rate = schedule_.at(++steps_done_);
  send_numbers(context, steps_done_, rate);
  return rate;
}

void Optimizer::apply(Context& context, const Tensor& stats) {
  parameters_.zero_missing_gradients(context);
  update(context, stats);
}

StepReport Optimizer::step(Context& context) {
  std::array<double, StepStats::sums> stats{};
  context.upload(stats_, stats.data());
  const double rate = prepare(context);
  apply(context, stats_);
  context.download(stats.data(), stats_);
  if (stats[StepStats::bad_step] != 0) --steps_done_;
  return {rate, stats[StepStats::grad_norm]};
}

std::vector<NamedTensor> Optimizer::state() const {
  std::vector<NamedTensor> list;
  std::size_t i = 0;
  for (const Parameter& parameter : parameters_.parameters()) {
    const UpdatedTensors& tensors = tensors_[i++];
    for (const StateName& state : names_) {
      list.push_back({std::string(state.name) + "." + parameter.name, tensors.*state.tensor});
    }
  }
  return list;
}

}  // namespace srwm
