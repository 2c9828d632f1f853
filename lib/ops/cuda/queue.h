// A stream with what its work needs: matrix-product handle, workspace, staging memory for uploads.
#pragma once

#include <memory>
#include <type_traits>

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include "core/device_queue.h"
#include "ops/context.h"

namespace srwm::cuda {

class Queue final : public DeviceQueue {
 public:
  explicit Queue(int device);
  ~Queue() override;

  void zero(void* device, std::size_t bytes) override;
  void fill(void* device, DType real, std::int64_t count, double value) override;
  void upload(void* device, const void* host, std::size_t bytes) override;
  void download(void* host, const void* device, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes) override;
  void copy_rows(void* to, std::size_t to_step, const void* from, std::size_t from_step, std::size_t bytes,
                 std::int64_t rows) override;
  std::shared_ptr<void> pinned_memory(std::size_t bytes) override;
  void upload_pinned(void* device, const void* pinned, std::size_t bytes) override;
  void synchronize() override;
  bool records() const override { return true; }
  std::unique_ptr<Recording> record(const std::function<void()>& work) override;
  void replay(const Recording& recording) override;
  void begin_range(const char* name) override;
  void end_range() override;

  cudaStream_t stream() const { return stream_.get(); }
  cublasHandle_t blas() const { return blas_.get(); }

 private:
  template <typename Handle, auto destroy>
  struct Destroy {
    void operator()(Handle handle) const { destroy(handle); }
  };
  template <typename Handle, auto destroy>
  using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroy<Handle, destroy>>;

  // In this order: the stream outlives what its work uses.
  Owned<cudaStream_t, cudaStreamDestroy> stream_;
  Owned<void*, cudaFree> workspace_;
  Owned<void*, cudaFreeHost> staging_;  ///< pinned; uploads pass through it in sequence
  Owned<cublasHandle_t, cublasDestroy> blas_;
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
