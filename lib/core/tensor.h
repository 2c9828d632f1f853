// A dense row-major array with a type and a device.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/shape.h"

namespace srwm {

/// A handle: copying a Tensor shares the elements. Memory is either owned jointly by the handles (`Tensor::owning`,
/// parameters, datasets) or belongs to an Arena and is valid until that arena is rewound (`Context::empty`).
/// A default-constructed Tensor is "absent": an op's optional input, a gradient that is zero.
class Tensor {
 public:
  Tensor() = default;
  Tensor(std::shared_ptr<void> storage, Shape shape, DType dtype, Device device = {})
      : storage_(std::move(storage)), shape_(shape), dtype_(dtype), device_(device) {}

  /// Host tensor of zeros in its own memory, 64-byte aligned. std::bad_alloc if there is not so much memory.
  static Tensor owning(Shape shape, DType dtype);
  /// Host tensor holding a copy of `values`; the number of values must be shape.numel().
  template <typename T>
  static Tensor of(Shape shape, std::span<const T> values);

  bool absent() const { return storage_ == nullptr; }
  explicit operator bool() const { return !absent(); }

  const Shape& shape() const { return shape_; }
  std::int64_t dim(int axis) const { return shape_[axis]; }
  std::int64_t numel() const { return absent() ? 0 : shape_.numel(); }
  std::size_t bytes() const { return static_cast<std::size_t>(numel()) * size_of(dtype_); }
  DType dtype() const { return dtype_; }
  Device device() const { return device_; }

  /// First element; T must match the dtype. nullptr for an absent tensor.
  template <typename T>
  T* data() const {
    SRWM_CHECK(absent() || dtype_ == DTypeOf<T>::value, "tensor is {}, asked for {}", name_of(dtype_),
               name_of(DTypeOf<T>::value));
    return static_cast<T*>(storage_.get());
  }
  void* raw() const { return storage_.get(); }
  /// All elements of a host tensor.
  template <typename T>
  std::span<T> span() const {
    return {data<T>(), static_cast<std::size_t>(numel())};
  }

  /// The same elements under another shape with the same number of elements.
  Tensor reshaped(Shape shape) const;
  /// Rows [begin, end) along the first axis, sharing the elements.
  Tensor rows(std::int64_t begin, std::int64_t end) const;

 private:
  std::shared_ptr<void> storage_;
  Shape shape_;
  DType dtype_ = DType::f32;
  Device device_;
};

template <typename T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor tensor = owning(shape, DTypeOf<T>::value);
  SRWM_CHECK(static_cast<std::int64_t>(values.size()) == shape.numel(), "{} values for shape {}", values.size(),
             shape.to_string());
  std::copy(values.begin(), values.end(), tensor.data<T>());
  return tensor;
}

}  // namespace srwm
