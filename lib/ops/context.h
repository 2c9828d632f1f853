// What a computation runs on: device, bodies, step memory, threads, random numbers. Passed to everything that computes;
// no state is global, so several runs can share one process.
#pragma once

#include <cstdint>
#include <memory>

#include "core/arena.h"
#include "core/device.h"
#include "core/device_queue.h"
#include "core/precision.h"
#include "core/rng.h"
#include "core/tensor.h"

namespace srwm {

struct Backend;  // ops/backend.h

class Context {
 public:
  /// `real` is the type of activations and parameters: f32, or f64 with the reference backend.
  Context(const Backend& backend, DType real, int threads, std::uint64_t seed = 0);

  const Backend& backend() const { return *backend_; }
  Device device() const;
  DType real() const { return real_; }
  /// CPU threads that bodies work with. May change between steps: no result depends on it.
  int threads() const { return threads_; }
  void set_threads(int threads) { threads_ = threads; }
  /// What convolutions and matrix products on a GPU round to; other backends compute in their own type whatever it
  /// says.
  Precision precision() const { return precision_; }
  void set_precision(Precision precision) { precision_ = precision; }
  /// Whether work that could be recorded and replayed is launched each time, for debugging.
  bool eager() const { return eager_; }
  void set_eager(bool eager) { eager_ = eager; }
  /// The order of everything this context does on its device.
  DeviceQueue& queue() { return *queue_; }

  /// Uninitialized step memory on the device; valid until `rewind`.
  Tensor empty(Shape shape, DType dtype);
  Tensor empty(Shape shape) { return empty(shape, real_); }
  Tensor zeros(Shape shape, DType dtype);
  Tensor zeros(Shape shape) { return zeros(shape, real_); }
  /// Step memory of type `real` with every element `value`.
  Tensor full(Shape shape, double value);
  /// Uninitialized step memory on the host, for what the tape itself needs.
  void* host_scratch(std::size_t bytes) { return host_arena_.allocate(bytes); }
  /// Zeroed memory on the device that lives as long as its handles: parameters, running statistics, moments.
  Tensor persistent(Shape shape, DType dtype);
  Tensor persistent(Shape shape) { return persistent(shape, real_); }

  /// Copies from the host to a tensor on the device.
  void upload(const Tensor& device, const void* host);
  /// Zeroed memory on the host for what is uploaded again and again: a device can read it without a copy on the way.
  Tensor pinned(Shape shape, DType dtype);
  /// Copies from a tensor of `pinned`, which must stay as it is until the queue is synchronized or read from.
  void upload_pinned(const Tensor& device, const Tensor& host);
  /// Copies between tensors on the device, of the same number of bytes.
  void copy(const Tensor& to, const Tensor& from);
  /// Copies a tensor to the host, after everything queued before.
  void download(void* host, const Tensor& device);
  /// The tensor itself if the host can read it, else a copy in separate memory.
  Tensor on_host(const Tensor& tensor);

  /// Gives back all step memory; tensors from `empty` and `zeros` are invalid afterwards.
  void rewind();
  const Arena& arena() const { return arena_; }
  Arena& arena() { return arena_; }

  /// The (seed, step) that dropout masks of the coming forward pass are drawn from.
  void set_random_step(std::uint32_t step);
  /// Where kernels read that step: on the device, so that the launches of one step serve another.
  const std::uint32_t* device_random_step() const { return device_random_step_.get(); }
  RandomStep random(Stream stream) const { return RandomStep(seed_, stream, random_step_); }

 private:
  const Backend* backend_;
  DType real_;
  int threads_;
  Precision precision_ = Precision::fp32;
  bool eager_ = false;
  std::unique_ptr<DeviceQueue> queue_;  // outlives the memory that its work uses
  std::uint64_t seed_;
  std::uint32_t random_step_ = 0;
  std::shared_ptr<std::uint32_t> device_random_step_;
  Arena arena_;
  Arena host_arena_;
};

}  // namespace srwm
