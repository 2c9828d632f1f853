// What all kernels use: indices, sums over a warp and a block, how a gradient is written.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

constexpr unsigned all_lanes = 0xFFFFFFFFu;
constexpr int warp_size = 32;

/// Global index of the thread and number of threads, for loops over elements.
__device__ __forceinline__ std::int64_t thread_index() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ std::int64_t thread_count() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

/// The block's dynamic shared memory, 16-byte aligned.
template <typename T>
__device__ __forceinline__ T* dynamic_shared() {
#ifdef SRWM_CUDA_EMULATED
  return static_cast<T*>(srwm::emulator::dynamic_shared_memory());
#else
  extern __shared__ __align__(16) unsigned char srwm_dynamic_shared[];
  return reinterpret_cast<T*>(srwm_dynamic_shared);
#endif
}

/// Sum over the lanes of a warp, in a fixed order; every lane gets it.
template <typename T>
__device__ __forceinline__ T warp_sum(T value) {
#pragma unroll
  for (int offset = warp_size / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(all_lanes, value, offset);
  return value;
}

__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
  for (int offset = warp_size / 2; offset > 0; offset /= 2) {
    value = fmaxf(value, __shfl_xor_sync(all_lanes, value, offset));
  }
  return value;
}

/// Sum over the threads of a block of `Warps` warps, in a fixed order; every thread gets it. All threads must call it.
template <int Warps, typename T>
__device__ __forceinline__ T block_sum(T value) {
  __shared__ T partial[Warps];
  value = warp_sum(value);
  __syncthreads();  // the last call's sums have been read
  if (threadIdx.x % warp_size == 0) partial[threadIdx.x / warp_size] = value;
  __syncthreads();
  T total = 0;
#pragma unroll
  for (int w = 0; w < Warps; ++w) total += partial[w];
  return total;
}

/// Writes one element of a gradient whose value is known at once.
__device__ __forceinline__ void put(bool accumulate, float& element, float value) {
  element = accumulate ? element + value : value;
}

}  // namespace srwm::cuda
