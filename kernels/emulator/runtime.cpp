// The runtime of the emulator: streams as queues, graphs as lists of work, device memory that the host cannot reach.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <sys/mman.h>

#include "kernels/emulator/tensor_core.h"

namespace srwm::emulator {

struct Graph {
  std::vector<Work> work;
};

struct Stream {
  std::vector<Work> queue;
  std::unique_ptr<Graph> capture;
};

struct Event {
  std::chrono::steady_clock::time_point time;
  Stream* stream = nullptr;
};

namespace {

/// Device memory: each allocation in separate pages, accessible only while work runs.
class DeviceMemory {
 public:
  void* allocate(std::size_t bytes) {
    const std::size_t size = (bytes + page - 1) / page * page;
    void* memory = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    blocks_[memory] = size;
    return memory;
  }
  void release(void* memory) {
    const auto block = blocks_.find(memory);
    if (block == blocks_.end()) {
      std::fprintf(stderr, "emulator: cudaFree of memory that cudaMalloc did not give\n");
      std::abort();
    }
    munmap(block->first, block->second);
    blocks_.erase(block);
  }
  void protect(bool on) {
    for (const auto& [memory, bytes] : blocks_) mprotect(memory, bytes, on ? PROT_NONE : PROT_READ | PROT_WRITE);
  }

 private:
  static constexpr std::size_t page = 4096;
  std::map<void*, std::size_t> blocks_;
};

DeviceMemory& device_memory() {
  static DeviceMemory memory;
  return memory;
}

bool backwards = false;
int gpus = 1;

std::set<Stream*>& streams() {
  static std::set<Stream*> all;
  return all;
}

void drain(Stream* stream) {
  if (stream->queue.empty()) return;
  device_memory().protect(false);
  for (Work& work : stream->queue) work();
  stream->queue.clear();
  device_memory().protect(true);
}

}  // namespace

void enqueue(Stream* stream, Work work) {
  if (stream == nullptr) {
    std::fprintf(stderr, "emulator: work was given to the default stream; every launch names its stream\n");
    std::abort();
  }
  auto& list = stream->capture ? stream->capture->work : stream->queue;
  list.push_back(std::move(work));
}

void run_backwards(bool on) {
  backwards = on;
}
bool runs_backwards() {
  return backwards;
}

void pretend_gpus(int count) {
  gpus = count;
}
}  // namespace srwm::emulator

using namespace srwm::emulator;  // NOLINT(google-build-using-namespace): the functions below belong to this namespace

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : error == cudaErrorMemoryAllocation ? "out of memory" : "invalid argument";
}
cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = gpus;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 12000;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  return cudaRuntimeGetVersion(version);
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  *properties = {};
  std::strcpy(properties->name, "emulator");
  properties->major = 9;
  properties->multiProcessorCount = 4;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = 4;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = *total = std::size_t{4} << 30;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  *memory = device_memory().allocate(bytes);
  return *memory != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  for (Stream* stream : streams()) drain(stream);  // cudaFree waits for the device
  device_memory().release(memory);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  *memory = std::malloc(bytes);
  return *memory != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFreeHost(void* memory) {
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  enqueue(stream, [=] { std::memcpy(to, from, bytes); });
  return cudaSuccess;
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_step, const void* from, std::size_t from_step, std::size_t bytes,
                              std::size_t rows, cudaMemcpyKind, cudaStream_t stream) {
  if (bytes > to_step || bytes > from_step) return cudaErrorInvalidValue;
  enqueue(stream, [=] {
    for (std::size_t row = 0; row < rows; ++row) {
      std::memcpy(static_cast<char*>(to) + row * to_step, static_cast<const char*>(from) + row * from_step, bytes);
    }
  });
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  enqueue(stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new Stream();
  streams().insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  drain(stream);
  streams().erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream->capture) return cudaErrorInvalidValue;
  drain(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->capture = std::make_unique<Graph>();
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = stream->capture.release();
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new Graph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const Work& work : executable->work) enqueue(stream, work);
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new Event();
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->stream = stream;
  enqueue(stream, [event] { event->time = std::chrono::steady_clock::now(); });
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->stream != nullptr) drain(event->stream);
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return cudaSuccess;
}

struct EmulatedBlas {
  cudaStream_t stream = nullptr;
};

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = new EmulatedBlas();
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t, void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
const char* cublasGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "not initialized";
}

namespace {

float rounded(float factor, cublasComputeType_t compute) {
  if (compute == CUBLAS_COMPUTE_32F) return factor;
  return __uint_as_float(compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? srwm::cuda::to_tf32(factor)
                                                                 : srwm::cuda::to_bf16_pair(0, factor));
}

/// A factor of a product, of float32 or bf16.
struct Factor {
  const void* data;
  cudaDataType type;
  float operator[](std::ptrdiff_t i) const {
    if (type == CUDA_R_32F) return static_cast<const float*>(data)[i];
    return __uint_as_float(static_cast<unsigned>(static_cast<const std::uint16_t*>(data)[i]) << 16);
  }
};

}  // namespace

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k,
                            const void* alpha, const void* a, cudaDataType type_a, int lda, const void* b,
                            cudaDataType type_b, int ldb, const void* beta, void* c, cudaDataType, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t) {
  const float scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const Factor left{a, type_a}, right{b, type_b};
  auto* out = static_cast<float*>(c);
  enqueue(handle->stream, [=] {
    for (std::ptrdiff_t j = 0; j < n; ++j) {
      for (std::ptrdiff_t i = 0; i < m; ++i) {
        float sum = 0;
        for (std::ptrdiff_t l = 0; l < k; ++l) {
          sum += rounded(op_a == CUBLAS_OP_N ? left[l * lda + i] : left[i * lda + l], compute) *
                 rounded(op_b == CUBLAS_OP_N ? right[j * ldb + l] : right[l * ldb + j], compute);
        }
        float& element = out[j * ldc + i];
        element = scale * sum + (keep == 0 ? 0 : keep * element);
      }
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}
