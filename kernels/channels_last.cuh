// Passes over [pixels, C] with a thread for a few neighboring channels of a pixel.
#pragma once

#include <cstdint>

#include "kernels/device.cuh"
#include "kernels/launch.h"

namespace srwm::cuda {

/// N neighboring values, loaded and stored at once.
template <typename T, int N>
struct alignas(sizeof(T) * N) Pack {
  T value[N];
};

template <int N, typename T>
__device__ __forceinline__ Pack<T, N> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T, N>*>(from);
}
template <typename T, int N>
__device__ __forceinline__ void store_pack(T* to, const Pack<T, N>& pack) {
  *reinterpret_cast<Pack<T, N>*>(to) = pack;
}
/// Stores a gradient or adds to it.
template <int N>
__device__ __forceinline__ void put_pack(bool accumulate, float* to, Pack<float, N> pack) {
  if (accumulate) {
    const Pack<float, N> old = load_pack<N>(to);
#pragma unroll
    for (int j = 0; j < N; ++j) pack.value[j] += old.value[j];
  }
  store_pack(to, pack);
}

/// Blocks of 256 threads, neighboring ones on neighboring packs of a pixel.
inline Launch over_pixels(std::int64_t pixels, std::int64_t packs) {
  constexpr std::int64_t threads = 256, most_blocks = 132 * 16;
  unsigned lanes = 1;
  while (lanes < packs && lanes < 64) lanes *= 2;
  const auto rows = static_cast<unsigned>(threads / lanes);
  const std::int64_t blocks = ceil_div(pixels, rows);
  return {static_cast<unsigned>(blocks < most_blocks ? blocks : most_blocks), dim3(lanes, rows)};
}

/// Calls visit(pixel, channel) for the thread's share; `channel` is the first of its pack of N.
template <int N, typename Visit>
__device__ __forceinline__ void for_each_pack(int pixels, int channels, const Visit& visit) {
  const int stride = static_cast<int>(gridDim.x * blockDim.y);
  for (int p = static_cast<int>(blockIdx.x * blockDim.y + threadIdx.y); p < pixels; p += stride) {
    for (int c = static_cast<int>(threadIdx.x) * N; c < channels; c += static_cast<int>(blockDim.x) * N) visit(p, c);
  }
}

/// Launches the instance of a kernel for packs of four channels where they divide into such, else for single ones.
template <typename... Params, typename... Args>
void launch_over_pixels(const char* what, void (*by_four)(Params...), void (*by_one)(Params...), cudaStream_t stream,
                        std::int64_t pixels, std::int64_t channels, Args... args) {
  const bool four = channels % 4 == 0;
  launch(what, four ? by_four : by_one, over_pixels(pixels, four ? channels / 4 : channels), stream, args...);
}

}  // namespace srwm::cuda
