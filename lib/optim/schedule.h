// Learning rates that change from step to step.
#pragma once

#include <cstdint>

#include "optim/options.h"

namespace srwm {

/// The learning rate as a function of the optimizer step.
struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double rate = 1e-3;
  std::int64_t warmup_steps = 5000;      ///< where has_warmup(kind)
  std::int64_t hidden = 1;               ///< transformer_warmup: the model's width
  std::int64_t total = 1, per_step = 1;  ///< linear_decay: `rate` falls to 0 at `total`, by `per_step` each step
  std::int64_t decay_steps = 100'000;    ///< where has_decay(kind)
  double decay = 0.1;                    ///< likewise
  std::int64_t half_life = 0;            ///< above 0: all of it times 2^-((step - 1) / half_life)

  /// Of optimizer step `step`, counted from 1. constant: rate; linear_warmup: rate min(1, step / warmup_steps);
  /// transformer_warmup (Vaswani et al., 2017): hidden^-0.5 min(step^-0.5, step warmup_steps^-1.5); linear_decay:
  /// rate max(0, 1 - (step - 1) per_step / total). With s = max(0, step - warmup_steps) steps after a linear_warmup,
  /// cosine (Loshchilov, Hutter, 2017, without restarts): rate (decay + (1 - decay) (1 + cos(pi min(1, s /
  /// decay_steps))) / 2); step: rate decay^floor(s / decay_steps).
  double at(std::int64_t step) const;

 private:
  double before_half_life(std::int64_t step) const;
  /// The factor `steps` steps after the warm-up, of cosine and step.
  double decay_after(std::int64_t steps) const;
};

}  // namespace srwm
