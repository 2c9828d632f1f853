// The logarithm under a softmax.
#pragma once

#include "kernels/device.cuh"

namespace srwm::cuda {

/// log sum_i exp(z[i]) of a few numbers, by one thread, without overflow; a NaN gives NaN.
__device__ __forceinline__ float log_sum_exp(const float* z, int n) {
  float largest = z[0], sum = 0;
  for (int i = 1; i < n; ++i) largest = z[i] > largest ? z[i] : largest;
  for (int i = 0; i < n; ++i) sum += expf(z[i] - largest);
  return largest + logf(sum);
}

}  // namespace srwm::cuda
