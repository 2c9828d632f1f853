#include "core/context.h"

#include <algorithm>
#include <cstring>

#include "ops/backend.h"

namespace srwm {

Context::Context(const Backend& backend, DType real, int threads, std::uint64_t seed)
    : backend_(&backend),
      real_(real),
      threads_(threads),
      seed_(seed),
      arena_(*backend.memory),
      host_arena_(host_blocks(), std::size_t{1} << 20) {}

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
  std::memset(tensor.raw(), 0, tensor.bytes());
  return tensor;
}

Tensor Context::full(Shape shape, double value) {
  Tensor tensor = empty(shape);
  if (real_ == DType::f64) {
    std::ranges::fill(tensor.span<double>(), value);
  } else {
    std::ranges::fill(tensor.span<float>(), static_cast<float>(value));
  }
  return tensor;
}

Tensor Context::persistent(Shape shape, DType dtype) {
  return Tensor::owning(shape, dtype);
}

void Context::rewind() {
  arena_.rewind();
  host_arena_.rewind();
}

}  // namespace srwm
