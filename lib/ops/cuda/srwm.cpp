#include "ops/srwm.h"

namespace srwm::cuda {

Body<Srwm> body_of(Tag<Srwm>) {
  return {};
}

}  // namespace srwm::cuda
