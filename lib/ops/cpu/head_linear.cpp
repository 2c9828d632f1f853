#include "ops/head_linear.h"

namespace srwm::cpu {

// A few million products a step: the plain loop takes milliseconds.
Body<HeadLinear> body_of(Tag<HeadLinear>) {
  return reference::body_of(Tag<HeadLinear>{}, DType::f32);
}

}  // namespace srwm::cpu
