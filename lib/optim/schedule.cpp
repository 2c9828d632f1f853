#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace srwm {

double Schedule::at(std::int64_t step) const {
  const double value = before_half_life(step);
  return half_life > 0 ? value * std::exp2(-static_cast<double>(step - 1) / static_cast<double>(half_life)) : value;
}

double Schedule::decay_after(std::int64_t steps) const {
  if (kind == ScheduleKind::step) {
    const std::int64_t falls = steps / decay_steps;
    return std::pow(decay, static_cast<double>(falls));
  }
  const double part = std::min(1.0, static_cast<double>(steps) / static_cast<double>(decay_steps));
  return decay + (1 - decay) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

double Schedule::before_half_life(std::int64_t step) const {
  const auto t = static_cast<double>(step), warmup = static_cast<double>(warmup_steps);
  switch (kind) {
    case ScheduleKind::constant:
      break;
    case ScheduleKind::linear_warmup:
      return rate * std::min(1.0, t / warmup);
    case ScheduleKind::transformer_warmup:
      return std::min(std::pow(t, -0.5), t * std::pow(warmup, -1.5)) / std::sqrt(static_cast<double>(hidden));
    case ScheduleKind::cosine:
    case ScheduleKind::step:
      return rate * std::min(1.0, t / warmup) * decay_after(std::max<std::int64_t>(0, step - warmup_steps));
    case ScheduleKind::linear_decay:
      return rate * std::max(0.0, 1 - static_cast<double>((step - 1) * per_step) / static_cast<double>(total));
  }
  return rate;
}

}  // namespace srwm
