#include "ops/conv3x3.h"

namespace srwm::cuda {

Body<Conv3x3> body_of(Tag<Conv3x3>) {
  return {};
}

}  // namespace srwm::cuda
