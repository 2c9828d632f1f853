#include "optim/adam.h"

#include <array>
#include <cmath>

#include "ops/backend.h"

namespace srwm {
namespace {

Schedule schedule_of(const OptimOptions& options, std::int64_t hidden) {
  return {.kind = options.schedule,
          .rate = options.rate,
          .warmup_steps = options.warmup_steps,
          .hidden = hidden,
          .decay_steps = options.decay_steps,
          .decay = options.decay,
          .half_life = options.half_life};
}

}  // namespace

Adam::Adam(Context& context, ParameterSet& parameters, const OptimOptions& options, std::int64_t hidden)
    : Optimizer(
          context, parameters, schedule_of(options, hidden),
          [] {
            static constexpr StateName names[] = {{"exp_avg", &UpdatedTensors::m}, {"exp_avg_sq", &UpdatedTensors::v}};
            return std::span<const StateName>(names);
          }()),
      options_(options),
      numbers_(context.persistent({AdamNumbers::size}, DType::f64)) {}

void Adam::send_numbers(Context& context, std::int64_t step, double rate) {
  const auto t = static_cast<double>(step);
  std::array<double, AdamNumbers::size> numbers{};
  numbers[AdamNumbers::step] = t;
  numbers[AdamNumbers::step_size] = rate / (1 - std::pow(options_.beta1, t));
  numbers[AdamNumbers::root_correction] = std::sqrt(1 - std::pow(options_.beta2, t));
  context.upload(numbers_, numbers.data());
}

void Adam::update(Context& context, const Tensor& stats) {
  context.backend().updates.adam(context, {.tensors = tensors(),
                                           .plan = plan(),
                                           .numbers = numbers_,
                                           .stats = stats,
                                           .beta1 = options_.beta1,
                                           .beta2 = options_.beta2,
                                           .eps = options_.eps,
                                           .clip_norm = options_.clip_norm});
}

}  // namespace srwm
