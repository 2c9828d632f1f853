#include "ops/mean_squares.h"

namespace srwm::cpu {

// The plain loop runs at the speed of memory.
Body<MeanSquares> body_of(Tag<MeanSquares>) {
  return reference::body_of(Tag<MeanSquares>{}, DType::f32);
}

}  // namespace srwm::cpu
