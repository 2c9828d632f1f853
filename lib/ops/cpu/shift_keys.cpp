#include "ops/shift_keys.h"

namespace srwm::cpu {

// A pass over a few hundred kilobytes: the plain loop takes microseconds.
Body<ShiftKeys> body_of(Tag<ShiftKeys>) {
  return reference::body_of(Tag<ShiftKeys>{}, DType::f32);
}

}  // namespace srwm::cpu
