#include "optim/rmsprop.h"

#include <array>

#include "ops/backend.h"

namespace srwm {

RmsProp::RmsProp(Context& context, ParameterSet& parameters, const RmsPropOptions& options, const Schedule& schedule)
    : Optimizer(context, parameters, schedule,
                [] {
                  static constexpr StateName names[] = {{"square_avg", &UpdatedTensors::v}};
                  return std::span<const StateName>(names);
                }()),
      options_(options),
      numbers_(context.persistent({RmsPropNumbers::size}, DType::f64)) {}

void RmsProp::send_numbers(Context& context, std::int64_t step, double rate) {
  std::array<double, RmsPropNumbers::size> numbers{};
  numbers[RmsPropNumbers::step] = static_cast<double>(step);
  numbers[RmsPropNumbers::learning_rate] = rate;
  context.upload(numbers_, numbers.data());
}

void RmsProp::update(Context& context, const Tensor& stats) {
  context.backend().updates.rmsprop(context, {.tensors = tensors(),
                                              .plan = plan(),
                                              .numbers = numbers_,
                                              .stats = stats,
                                              .alpha = options_.alpha,
                                              .eps = options_.eps,
                                              .clip_norm = options_.clip_norm});
}

}  // namespace srwm
