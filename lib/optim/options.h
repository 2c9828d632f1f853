// Options of optimizers and schedules, filled in by the spec.
#pragma once

#include <cstdint>
#include <string_view>

namespace srwm {

enum class ScheduleKind {
  constant,            ///< rate
  linear_warmup,       ///< rate * min(1, step / warmup_steps)
  transformer_warmup,  ///< hidden^-0.5 min(step^-0.5, step warmup_steps^-1.5); `rate` is not used
  linear_decay,        ///< from rate to 0 at the end of training
  cosine,              ///< linear_warmup, then half a cosine down to decay rate, decay_steps later
  step,                ///< linear_warmup, times decay every decay_steps after it
};
/// Those that do not depend on how long a run is to be, which may still be changed when it is resumed.
inline constexpr ScheduleKind all_schedule_kinds[] = {ScheduleKind::constant, ScheduleKind::linear_warmup,
                                                      ScheduleKind::transformer_warmup, ScheduleKind::cosine,
                                                      ScheduleKind::step};

/// Whether the rate rises over warmup_steps.
constexpr bool has_warmup(ScheduleKind kind) {
  return kind != ScheduleKind::constant && kind != ScheduleKind::linear_decay;
}
/// Whether the rate falls by decay over decay_steps.
constexpr bool has_decay(ScheduleKind kind) {
  return kind == ScheduleKind::cosine || kind == ScheduleKind::step;
}

/// As in specs: "constant", "linear_warmup", "transformer_warmup", "linear_decay", "cosine", "step".
constexpr std::string_view name_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::constant:
      return "constant";
    case ScheduleKind::linear_warmup:
      return "linear_warmup";
    case ScheduleKind::transformer_warmup:
      return "transformer_warmup";
    case ScheduleKind::linear_decay:
      return "linear_decay";
    case ScheduleKind::cosine:
      return "cosine";
    case ScheduleKind::step:
      return "step";
  }
  return "?";
}

struct OptimOptions {
  double rate = 1e-3;
  ScheduleKind schedule = ScheduleKind::constant;
  std::int64_t warmup_steps = 5000;
  std::int64_t decay_steps = 100'000;  ///< cosine, step
  double decay = 0.1;                  ///< cosine, step
  std::int64_t half_life = 0;          ///< steps in which the rate falls by half, whatever the schedule; 0: it does not
  double beta1 = 0.9;
  double beta2 = 0.995;
  double eps = 1e-9;
  double clip_norm = 0;  ///< largest global gradient norm; 0: no clipping
};

/// torch.optim.RMSprop: square_avg <- alpha square_avg + (1 - alpha) g^2, value <- value - rate g / (sqrt(square_avg)
/// + eps).
struct RmsPropOptions {
  double alpha = 0.99;
  double eps = 0.01;
  double clip_norm = 40;  ///< largest global gradient norm; 0: no clipping
};

}  // namespace srwm
