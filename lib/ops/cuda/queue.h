// A stream with what its work needs: matrix-product handle, workspace, staging memory for uploads.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include "core/context.h"
#include "core/device_queue.h"

namespace srwm::cuda {

class Queue final : public DeviceQueue {
 public:
  explicit Queue(int device);
  ~Queue() override;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void zero(void* device, std::size_t bytes) override;
  void fill(void* device, DType real, std::int64_t count, double value) override;
  void upload(void* device, const void* host, std::size_t bytes) override;
  void download(void* host, const void* device, std::size_t bytes) override;
  void synchronize() override;
  std::unique_ptr<Recording> record(const std::function<void()>& work) override;
  void replay(const Recording& recording) override;

  cudaStream_t stream() const { return stream_; }
  cublasHandle_t blas() const { return blas_; }

 private:
  cudaStream_t stream_ = nullptr;
  cublasHandle_t blas_ = nullptr;
  void* workspace_ = nullptr;
  char* staging_ = nullptr;  ///< pinned; uploads pass through it one behind the other
  std::size_t staging_used_ = 0;
  bool recording_ = false;
};

/// The queue of a context whose backend is CUDA's.
inline Queue& queue_of(Context& context) {
  return static_cast<Queue&>(context.queue());
}
inline cudaStream_t stream_of(Context& context) {
  return queue_of(context).stream();
}

/// Throws DeviceError unless `status` is success.
void check(cublasStatus_t status, const char* what);

}  // namespace srwm::cuda
