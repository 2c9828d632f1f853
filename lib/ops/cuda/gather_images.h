// The body of GatherImages on the GPU.
#pragma once

#include "ops/gather_images.h"

namespace srwm::cuda {

void gather_images_body(Context& context, const GatherImages& gather);

}  // namespace srwm::cuda
