// What the max-pools share: the first largest of a window, and the gradient through the ReLU after it.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// First largest of the values handed in one after the other; a NaN wins.
struct Largest {
  float value;
  std::uint8_t index;

  __device__ __forceinline__ void take(float next, int k) {
    if (k > 0 && !(next > value) && next == next) return;
    value = next;
    index = static_cast<std::uint8_t>(k);
  }
};

__device__ __forceinline__ float relu(float x) {
  return x < 0 ? 0.0f : x;
}
/// dL/dx of y = relu(x); a NaN passes.
__device__ __forceinline__ float through_relu(float y, float dL_dy) {
  return y <= 0 ? 0.0f : dL_dy;
}

}  // namespace srwm::cuda
