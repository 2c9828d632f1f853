#include "ops/select_rows.h"

namespace srwm::cpu {

// Rows are copied: the plain loop runs at the speed of memory.
Body<SelectRows> body_of(Tag<SelectRows>) {
  return reference::body_of(Tag<SelectRows>{}, DType::f32);
}

}  // namespace srwm::cpu
