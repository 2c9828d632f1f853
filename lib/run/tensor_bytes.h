// Numbers of files in memory: little-endian, as every machine that srwm runs on has them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace srwm {

static_assert(std::endian::native == std::endian::little);

/// The file `bytes` grows by the bytes of an integer.
template <typename Integer>
void append_integer(std::vector<std::byte>& bytes, Integer value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof value);
}
void append_text(std::vector<std::byte>& bytes, std::string_view text);
void append_numbers(std::vector<std::byte>& bytes, const Tensor& tensor);

/// The integer at the beginning of `bytes`, which must be long enough.
template <typename Integer>
Integer integer_at(std::string_view bytes) {
  Integer value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// The shape with these extents; none if there are too many, or one is negative, or the tensor would have more than
/// 2^31 numbers.
std::optional<Shape> possible_shape(std::span<const std::int64_t> extents);

enum class NumberFormat { f16, bf16, f32, f64 };
std::size_t size_of(NumberFormat format);
/// `bytes`, which has as many numbers as the shape, as f32.
Tensor to_f32(std::string_view bytes, NumberFormat format, const Shape& shape);

}  // namespace srwm
