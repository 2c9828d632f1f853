#include "ops/context.h"

#include <cstring>
#include <utility>

#include "core/error.h"
#include "ops/backend.h"

namespace srwm {

Context::Context(const Backend& backend, DType real, int threads, std::uint64_t seed)
    : backend_(&backend),
      real_(real),
      threads_(threads),
      queue_(backend.make_queue != nullptr ? backend.make_queue(backend.device) : make_host_queue()),
      seed_(seed),
      arena_(*backend.memory),
      host_arena_(host_blocks(), std::size_t{1} << 20) {}

void Context::set_random_step(std::uint32_t step) {
  random_step_ = step;
  if (device().kind == Device::Kind::cpu) return;
  if (!device_random_step_) {
    BlockSource* source = backend_->memory;
    device_random_step_ = {static_cast<std::uint32_t*>(source->allocate(sizeof step)),
                           [=](std::uint32_t* memory) { source->release(memory, sizeof(std::uint32_t)); }};
  }
  queue_->upload(device_random_step_.get(), &step, sizeof step);
}

Device Context::device() const {
  return backend_->device;
}

Tensor Context::empty(Shape shape, DType dtype) {
  void* memory = arena_.allocate(static_cast<std::size_t>(shape.numel()) * size_of(dtype));
  // An aliasing pointer to no owner: the arena owns the memory, and making the handle allocates nothing.
  return Tensor(std::shared_ptr<void>(std::shared_ptr<void>(), memory), shape, dtype, device());
}

Tensor Context::zeros(Shape shape, DType dtype) {
  Tensor tensor = empty(shape, dtype);
  queue_->zero(tensor.raw(), tensor.bytes());
  return tensor;
}

Tensor Context::full(Shape shape, double value) {
  Tensor tensor = empty(shape);
  queue_->fill(tensor.raw(), real_, tensor.numel(), value);
  return tensor;
}

Tensor Context::persistent(Shape shape, DType dtype) {
  if (device().kind == Device::Kind::cpu) return Tensor::owning(shape, dtype);
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  BlockSource* source = backend_->memory;
  std::shared_ptr<void> memory(source->allocate(bytes), [=](void* block) { source->release(block, bytes); });
  queue_->zero(memory.get(), bytes);
  return Tensor(std::move(memory), shape, dtype, device());
}

void Context::upload(const Tensor& device, const void* host) {
  queue_->upload(device.raw(), host, device.bytes());
}

Tensor Context::pinned(Shape shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  std::shared_ptr<void> memory = queue_->pinned_memory(bytes);
  if (memory == nullptr) return Tensor::owning(shape, dtype);
  std::memset(memory.get(), 0, bytes);
  return Tensor(std::move(memory), shape, dtype);
}

void Context::upload_pinned(const Tensor& device, const Tensor& host) {
  SRWM_CHECK(device.bytes() == host.bytes(), "an upload of {} bytes to {}", host.bytes(), device.bytes());
  queue_->upload_pinned(device.raw(), host.raw(), host.bytes());
}

void Context::download(void* host, const Tensor& device) {
  queue_->download(host, device.raw(), device.bytes());
}

void Context::copy(const Tensor& to, const Tensor& from) {
  SRWM_CHECK(to.bytes() == from.bytes(), "a copy of {} bytes to {}", from.bytes(), to.bytes());
  queue_->copy(to.raw(), from.raw(), from.bytes());
}

Tensor Context::on_host(const Tensor& tensor) {
  if (tensor.absent() || tensor.device().kind == Device::Kind::cpu) return tensor;
  Tensor copy = Tensor::owning(tensor.shape(), tensor.dtype());
  download(copy.raw(), tensor);
  return copy;
}

void Context::rewind() {
  arena_.rewind();
  host_arena_.rewind();
}

}  // namespace srwm
