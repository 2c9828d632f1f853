#include "ops/dropout.h"

namespace srwm::cpu {

// Drawing the mask takes the time, in the plain loop as in any.
Body<Dropout> body_of(Tag<Dropout>) {
  return reference::body_of(Tag<Dropout>{}, DType::f32);
}

}  // namespace srwm::cpu
