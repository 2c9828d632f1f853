// Learning rates that change from step to step.
#pragma once

#include <cstdint>

#include "optim/options.h"

namespace srwm {

/// The learning rate as a function of the optimizer step.
struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double rate = 1e-3;
  std::int64_t warmup_steps = 5000;      ///< linear_warmup, transformer_warmup
  std::int64_t hidden = 1;               ///< transformer_warmup: the model's width
  std::int64_t total = 1, per_step = 1;  ///< linear_decay: `rate` falls to 0 at `total`, by `per_step` each step
  std::int64_t half_life = 0;            ///< above 0: all of it times 2^-((step - 1) / half_life)

  /// Of optimizer step `step`, counted from 1. constant: rate; linear_warmup: rate min(1, step / warmup_steps);
  /// transformer_warmup (Vaswani et al., 2017): hidden^-0.5 min(step^-0.5, step warmup_steps^-1.5); linear_decay:
  /// rate max(0, 1 - (step - 1) per_step / total).
  double at(std::int64_t step) const;

 private:
  double before_decay(std::int64_t step) const;
};

}  // namespace srwm
