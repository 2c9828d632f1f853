// The CUDA backend from libsrwm_cuda.so, which is loaded when somebody asks for it: a machine without GPU, driver or
// CUDA libraries runs everything else.
#pragma once

#include <string>

#include "ops/backend.h"

namespace srwm {

/// Bodies for GPU `device`. DeviceError saying what is missing: the library, one that it needs, a driver, the GPU.
const Backend& load_cuda_backend(int device);

/// Whether load_cuda_backend(0) would give a backend.
bool cuda_is_usable();

/// What libsrwm_cuda.so exports. `version` is that of the program it was built with: the two share classes.
struct CudaLibrary {
  static constexpr const char* version_symbol = "srwm_cuda_version";
  static constexpr const char* backend_symbol = "srwm_cuda_backend";
  using Version = const char* (*)();
  using BackendOf = const Backend* (*)(int device);
};

}  // namespace srwm
