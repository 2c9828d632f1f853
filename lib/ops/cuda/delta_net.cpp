#include "ops/delta_net.h"

namespace srwm::cuda {

Body<DeltaNet> body_of(Tag<DeltaNet>) {
  return {};
}

}  // namespace srwm::cuda
