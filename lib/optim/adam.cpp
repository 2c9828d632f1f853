#include "optim/adam.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/backend.h"
#include "optim/gradients.h"

namespace srwm {

double learning_rate(const OptimOptions& options, std::int64_t hidden, std::int64_t step) {
  const auto t = static_cast<double>(step), warmup = static_cast<double>(options.warmup_steps);
  switch (options.schedule) {
    case ScheduleKind::constant:
      break;
    case ScheduleKind::linear_warmup:
      return options.rate * std::min(1.0, t / warmup);
    case ScheduleKind::transformer_warmup:
      return std::min(std::pow(t, -0.5), t * std::pow(warmup, -1.5)) / std::sqrt(static_cast<double>(hidden));
  }
  return options.rate;
}

Adam::Adam(Context& context, ParameterSet& parameters, const OptimOptions& options, std::int64_t hidden)
    : parameters_(parameters), options_(options), hidden_(hidden) {
  for (const Parameter& p : parameters.parameters()) {
    const Shape& shape = p.value.shape();
    tensors_.push_back({p.value, p.slot.grad, context.persistent(shape), context.persistent(shape)});
  }
  plan_ = context.backend().updates.plan_update(context, tensors_);
  numbers_ = context.persistent({AdamNumbers::size}, DType::f64);
  ledger_ = context.persistent({Ledger::size}, DType::f64);
}

double Adam::prepare(Context& context) {
  const double rate = learning_rate(options_, hidden_, ++steps_done_), t = static_cast<double>(steps_done_);
  std::array<double, AdamNumbers::size> numbers{};
  numbers[AdamNumbers::step] = t;
  numbers[AdamNumbers::step_size] = rate / (1 - std::pow(options_.beta1, t));
  numbers[AdamNumbers::root_correction] = std::sqrt(1 - std::pow(options_.beta2, t));
  context.upload(numbers_, numbers.data());
  return rate;
}

void Adam::apply(Context& context, const Tensor& ledger) {
  zero_missing_gradients(context, parameters_);
  context.backend().updates.adam(context, {.tensors = tensors_,
                                           .plan = plan_,
                                           .numbers = numbers_,
                                           .ledger = ledger,
                                           .beta1 = options_.beta1,
                                           .beta2 = options_.beta2,
                                           .eps = options_.eps,
                                           .clip_norm = options_.clip_norm});
}

StepReport Adam::step(Context& context) {
  double rate = 0;
  const auto ledger = ledger_after(context, ledger_, [&] {
    rate = prepare(context);
    apply(context, ledger_);
  });
  if (ledger[Ledger::bad_step] != 0) --steps_done_;
  return {rate, ledger[Ledger::grad_norm]};
}

}  // namespace srwm
