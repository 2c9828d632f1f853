#include "optim/rmsprop.h"

#include <algorithm>
#include <array>

#include "ops/backend.h"
#include "optim/gradients.h"

namespace srwm {

double linear_decay(double rate, std::int64_t done, std::int64_t total) {
  return rate * std::max(0.0, 1 - static_cast<double>(done) / static_cast<double>(total));
}

RmsProp::RmsProp(Context& context, ParameterSet& parameters, const RmsPropOptions& options)
    : parameters_(parameters), options_(options) {
  for (const Parameter& p : parameters.parameters()) {
    tensors_.push_back({p.value, p.slot.grad, {}, context.persistent(p.value.shape())});
  }
  plan_ = context.backend().updates.plan_update(context, tensors_);
  numbers_ = context.persistent({RmsPropNumbers::size}, DType::f64);
  ledger_ = context.persistent({Ledger::size}, DType::f64);
}

void RmsProp::prepare(Context& context, double rate) {
  std::array<double, RmsPropNumbers::size> numbers{};
  numbers[RmsPropNumbers::step] = static_cast<double>(++steps_done_);
  numbers[RmsPropNumbers::rate] = rate;
  context.upload(numbers_, numbers.data());
}

void RmsProp::apply(Context& context, const Tensor& ledger) {
  zero_missing_gradients(context, parameters_);
  context.backend().updates.rmsprop(context, {.tensors = tensors_,
                                              .plan = plan_,
                                              .numbers = numbers_,
                                              .ledger = ledger,
                                              .alpha = options_.alpha,
                                              .eps = options_.eps,
                                              .clip_norm = options_.clip_norm});
}

double RmsProp::step(Context& context, double rate) {
  const auto ledger = ledger_after(context, ledger_, [&] {
    prepare(context, rate);
    apply(context, ledger_);
  });
  if (ledger[Ledger::bad_step] != 0) --steps_done_;
  return ledger[Ledger::grad_norm];
}

}  // namespace srwm
