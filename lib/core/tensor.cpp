#include "core/tensor.h"

#include <cstring>
#include <new>

#include "core/memory.h"

namespace srwm {

Tensor Tensor::owning(Shape shape, DType dtype) {
  constexpr std::align_val_t alignment{64};
  const std::size_t bytes = std::max<std::size_t>(static_cast<std::size_t>(shape.numel()) * size_of(dtype), 1);
  check_large_allocation(bytes);
  std::shared_ptr<void> storage(::operator new(bytes, alignment),
                                [](void* pointer) { ::operator delete(pointer, alignment); });
  std::memset(storage.get(), 0, bytes);
  return Tensor(std::move(storage), shape, dtype);
}

Tensor Tensor::reshaped(Shape shape) const {
  SRWM_CHECK(shape.numel() == shape_.numel(), "cannot view {} as {}", shape_.to_string(), shape.to_string());
  return Tensor(storage_, shape, dtype_, device_);
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  SRWM_CHECK(0 <= begin && begin <= end && end <= dim(0), "rows {}..{} of {}", begin, end, shape_.to_string());
  Shape shape{end - begin};
  for (int axis = 1; axis < shape_.rank(); ++axis) shape.push_back(shape_[axis]);
  const std::size_t row_bytes = shape_.numel() == 0 ? 0 : bytes() / static_cast<std::size_t>(dim(0));
  void* first = static_cast<char*>(storage_.get()) + static_cast<std::size_t>(begin) * row_bytes;
  return Tensor(std::shared_ptr<void>(storage_, first), shape, dtype_, device_);
}

}  // namespace srwm
