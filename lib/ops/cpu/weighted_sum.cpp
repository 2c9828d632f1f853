#include "ops/weighted_sum.h"

namespace srwm::cpu {

// Three numbers.
Body<WeightedSum> body_of(Tag<WeightedSum>) {
  return reference::body_of(Tag<WeightedSum>{}, DType::f32);
}

}  // namespace srwm::cpu
