// Options of optimizers and schedules, filled in by the spec.
#pragma once

#include <cstdint>

namespace srwm {

enum class ScheduleKind {
  constant,            ///< rate
  linear_warmup,       ///< rate * min(1, step / warmup_steps)
  transformer_warmup,  ///< hidden^-0.5 min(step^-0.5, step warmup_steps^-1.5); `rate` is not used
};

struct OptimOptions {
  double rate = 1e-3;
  ScheduleKind schedule = ScheduleKind::constant;
  std::int64_t warmup_steps = 5000;
  double beta1 = 0.9;
  double beta2 = 0.995;
  double eps = 1e-9;
  double clip_norm = 0;  ///< largest global gradient norm; 0: no clipping
};

}  // namespace srwm
