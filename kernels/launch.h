// Starting kernels.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// Throws DeviceError saying what failed while doing what; lib/ops/cuda defines it.
[[noreturn]] void fail(cudaError_t error, const char* what);

inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) fail(error, what);
}

struct Launch {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
};

/// Starts `kernel` on a stream. `what` names it in messages.
template <typename... Params, typename... Args>
void launch(const char* what, void (*kernel)(Params...), const Launch& shape, cudaStream_t stream, Args... args) {
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Params>(args)...), what);
}

/// More dynamic shared memory than 48 KiB must be requested, once per kernel.
template <typename Kernel>
void allow_shared(Kernel* kernel, std::size_t bytes, const char* what) {
  if (bytes <= 48 * 1024) return;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)), what);
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Threads for n independent elements; kernels loop with stride `grid_size()`, so large n need no more blocks.
inline Launch elementwise(std::int64_t n) {
  constexpr std::int64_t threads = 256, most_blocks = 132 * 16;
  const std::int64_t blocks = ceil_div(n, threads);
  return {static_cast<unsigned>(blocks < 1 ? 1 : blocks < most_blocks ? blocks : most_blocks), threads};
}

}  // namespace srwm::cuda
