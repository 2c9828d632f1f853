#include "ops/pack_srwm.h"

namespace srwm::cpu {

// A few thousand numbers once per step: the plain loop is as fast as memory.
Body<PackSrwm> body_of(Tag<PackSrwm>) {
  return reference::body_of(Tag<PackSrwm>{}, DType::f32);
}

}  // namespace srwm::cpu
