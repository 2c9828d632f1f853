// The CUDA backend as a table.
#pragma once

#include "ops/backend.h"

namespace srwm {

/// Bodies for GPU `device`. DeviceError if there is no such GPU or no driver. The table lives as long as the process.
const Backend& cuda_backend(int device);

}  // namespace srwm
