// For tests on a GPU: the CUDA backend from libsrwm_cuda.so instead of the emulator.
#include "ops/cuda/backend.h"
#include "ops/cuda_library.h"

namespace srwm {

const Backend& cuda_backend(int device) {
  return load_cuda_backend(device);
}

}  // namespace srwm
