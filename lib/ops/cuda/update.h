// The optimizer's bodies on the GPU.
#pragma once

#include "ops/update.h"

namespace srwm::cuda {

UpdateBodies update_bodies();

}  // namespace srwm::cuda
