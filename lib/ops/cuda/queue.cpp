#include "ops/cuda/queue.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include <nvtx3/nvToolsExt.h>

#include "core/error.h"
#include "kernels/elementwise.h"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // what cuBLAS asks for on Hopper
constexpr std::size_t staging_bytes = std::size_t{8} << 20;

/// A captured graph, ready to be launched.
class Graph final : public DeviceQueue::Recording {
 public:
  explicit Graph(cudaGraph_t graph) {
    const cudaError_t error = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);
    check(error, "making a graph ready");
  }
  ~Graph() override { cudaGraphExecDestroy(executable_); }
  cudaGraphExec_t executable() const { return executable_; }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace

[[noreturn]] void fail(cudaError_t error, const char* what) {
  cudaGetLastError();  // the error is reported here; the next call starts clean
  if (error == cudaErrorMemoryAllocation) {
    throw DeviceError(
        "The GPU has too little free memory ({}). Make train.batch smaller, or use a GPU that no other program is "
        "using.",
        what);
  }
  throw DeviceError(
      "The GPU reports '{}' in {}. Everything up to the last checkpoint is safe; --resume goes on from it.",
      cudaGetErrorString(error), what);
}

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(
      "cuBLAS reports '{}' in {}. Everything up to the last checkpoint is safe; --resume goes on from it.",
      cublasGetStatusString(status), what);
}

Queue::Queue(int device) {
  check(cudaSetDevice(device), "choosing the device");
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  stream_.reset(stream);
  void* memory = nullptr;
  check(cudaMalloc(&memory, workspace_bytes), "allocating the workspace of cuBLAS");
  workspace_.reset(memory);
  check(cudaMallocHost(&memory, staging_bytes), "allocating pinned memory");
  staging_.reset(memory);
  cublasHandle_t blas = nullptr;
  check(cublasCreate(&blas), "starting cuBLAS");
  blas_.reset(blas);
  check(cublasSetStream(blas, stream), "starting cuBLAS");
  // A workspace set here makes products deterministic and lets a graph capture them.
  check(cublasSetWorkspace(blas, workspace_.get(), workspace_bytes), "starting cuBLAS");
}

Queue::~Queue() {
  cudaStreamSynchronize(stream());
}

void Queue::zero(void* device, std::size_t bytes) {
  if (bytes > 0) check(cudaMemsetAsync(device, 0, bytes, stream()), "clearing memory");
}

void Queue::fill(void* device, DType real, std::int64_t count, double value) {
  SRWM_CHECK(real == DType::f32, "a GPU tensor of {}", name_of(real));
  cuda::fill(stream(), static_cast<float*>(device), static_cast<float>(value), count);
}

void Queue::upload(void* device, const void* host, std::size_t bytes) {
  SRWM_CHECK(!recording_, "an upload while work is recorded");
  for (std::size_t done = 0; done < bytes;) {
    if (staging_used_ == staging_bytes) {
      synchronize();
      staging_used_ = 0;
    }
    const std::size_t part = std::min(bytes - done, staging_bytes - staging_used_);
    char* staged = static_cast<char*>(staging_.get()) + staging_used_;
    std::memcpy(staged, static_cast<const char*>(host) + done, part);
    check(cudaMemcpyAsync(static_cast<char*>(device) + done, staged, part, cudaMemcpyHostToDevice, stream()),
          "copying to the GPU");
    staging_used_ = std::min(staging_bytes, (staging_used_ + part + 63) / 64 * 64);
    done += part;
  }
}

void Queue::download(void* host, const void* device, std::size_t bytes) {
  if (bytes > 0) {
    check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream()), "copying from the GPU");
  }
  synchronize();
}

void Queue::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()), "copying on the GPU");
}

void Queue::copy_rows(void* to, std::size_t to_step, const void* from, std::size_t from_step, std::size_t bytes,
                      std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  check(cudaMemcpy2DAsync(to, to_step, from, from_step, bytes, static_cast<std::size_t>(rows), cudaMemcpyDeviceToDevice,
                          stream()),
        "copying on the GPU");
}

std::shared_ptr<void> Queue::pinned_memory(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, std::max<std::size_t>(1, bytes)), "allocating pinned memory");
  return {memory, cudaFreeHost};
}

void Queue::upload_pinned(void* device, const void* pinned, std::size_t bytes) {
  SRWM_CHECK(!recording_, "an upload while work is recorded");
  if (bytes == 0) return;
  check(cudaMemcpyAsync(device, pinned, bytes, cudaMemcpyHostToDevice, stream()), "copying to the GPU");
}

std::unique_ptr<DeviceQueue::Recording> Queue::record(const std::function<void()>& work) {
  const NamedRange range(*this, "record");
  check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "recording a graph");
  recording_ = true;
  std::exception_ptr error;
  try {
    work();
  } catch (...) {
    error = std::current_exception();
  }
  recording_ = false;
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream(), &graph);
  if (error) {
    if (graph != nullptr) cudaGraphDestroy(graph);
    cudaGetLastError();  // a capture that was cut short leaves another error
    std::rethrow_exception(error);
  }
  check(ended, "recording a graph");
  return std::make_unique<Graph>(graph);
}

void Queue::replay(const Recording& recording) {
  const NamedRange range(*this, "replay");
  check(cudaGraphLaunch(static_cast<const Graph&>(recording).executable(), stream()), "replaying a graph");
}

void Queue::synchronize() {
  SRWM_CHECK(!recording_, "a wait while work is recorded");
  check(cudaStreamSynchronize(stream()), "waiting for the GPU");
}

void Queue::begin_range(const char* name) {
  nvtxRangePushA(name);
}

void Queue::end_range() {
  nvtxRangePop();
}

}  // namespace srwm::cuda
