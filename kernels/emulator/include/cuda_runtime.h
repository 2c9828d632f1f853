// The part of CUDA C++ and of its runtime that this project uses, for the emulator: same names, same meaning, on the
// host. Work given to a stream is done when somebody waits for it and not before, and device memory cannot be touched
// by the host in between, so that a missing synchronization or a host access to device memory shows.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>

#include "kernels/emulator/execution.h"

#define SRWM_CUDA_EMULATED 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __shared__ static
#define __grid_constant__

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(4) uchar4 {
  unsigned char x, y, z, w;
};
inline float2 make_float2(float x, float y) {
  return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}

// What a thread may call.

inline void __syncthreads() {
  srwm::emulator::sync_block();
}
inline void __syncwarp(unsigned = 0xFFFFFFFFu) {
  srwm::emulator::sync_warp();
}
template <typename T>
T __shfl_sync(unsigned, T value, int lane, int width = 32) {
  const int self = srwm::emulator::lane();
  T result;
  std::memcpy(&result, srwm::emulator::exchange(&value, sizeof(T), self / width * width + lane % width), sizeof(T));
  return result;
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int offset) {
  return __shfl_sync(mask, value, srwm::emulator::lane() ^ offset);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned offset) {
  const int from = srwm::emulator::lane() + static_cast<int>(offset);
  return __shfl_sync(mask, value, from < 32 ? from : srwm::emulator::lane());
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  unsigned bits = 0;
  for (int lane = 0; lane < 32; ++lane) bits |= static_cast<unsigned>(__shfl_sync(mask, predicate != 0, lane)) << lane;
  return bits;
}
template <typename T>
T __ldg(const T* address) {
  return *address;
}
using std::isfinite;  // CUDA has them in the global namespace
using std::isnan;
inline float rsqrtf(float x) {
  return 1 / std::sqrt(x);
}
inline float __expf(float x) {
  return std::exp(x);
}
inline float __fdividef(float x, float y) {
  return x / y;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(static_cast<std::uint64_t>(a) * b >> 32);
}
inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The runtime.

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidDevice = 101,
  cudaErrorInvalidValue = 1
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal = 0, cudaStreamCaptureModeThreadLocal = 1 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
enum cudaDeviceAttr { cudaDevAttrMultiProcessorCount = 16 };
constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2, cudaEventDefault = 0;

namespace srwm::emulator {

using Work = std::function<void()>;
struct Stream;
struct Graph;
struct Event;

/// Adds work to a stream, or to the graph it is being captured into.
void enqueue(Stream* stream, Work work);
/// Whether the threads of a block are run in opposite order from now on.
void run_backwards(bool on);
bool runs_backwards();
/// How many GPUs the machine has from now on; one at first.
void pretend_gpus(int count);

}  // namespace srwm::emulator

using cudaStream_t = srwm::emulator::Stream*;
using cudaGraph_t = srwm::emulator::Graph*;
using cudaGraphExec_t = srwm::emulator::Graph*;
using cudaEvent_t = srwm::emulator::Event*;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int major, minor, multiProcessorCount;
};

const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaMalloc(void** memory, std::size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMallocHost(void** memory, std::size_t bytes);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_step, const void* from, std::size_t from_step, std::size_t bytes,
                              std::size_t rows, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to);

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  void* attrs = nullptr;
  unsigned numAttrs = 0;
};

template <typename... Params, typename... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Params...), Args&&... args) {
  struct Launch {
    void (*kernel)(Params...);
    std::tuple<Params...> arguments;
    static void thread(void* self) {
      const auto* launch = static_cast<Launch*>(self);
      std::apply(launch->kernel, launch->arguments);
    }
  };
  const cudaLaunchConfig_t c = *config;
  Launch launch{kernel, {static_cast<Params>(std::forward<Args>(args))...}};
  srwm::emulator::enqueue(c.stream, [c, launch]() mutable {
    srwm::emulator::run_grid(__PRETTY_FUNCTION__, c.gridDim, c.blockDim, c.dynamicSmemBytes, Launch::thread, &launch,
                             srwm::emulator::runs_backwards());
  });
  return cudaSuccess;
}

template <typename T>
cudaError_t cudaFuncSetAttribute(T*, cudaFuncAttribute, int) {
  return cudaSuccess;
}
