#include "run/tensor_bytes.h"

#include <algorithm>
#include <cmath>

namespace srwm {
namespace {

float from_f16(std::uint16_t half) {
  const int exponent = (half >> 10) & 31, fraction = half & 1023;
  const float sign = (half >> 15) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  const int hidden = exponent == 0 ? 0 : 1024;
  return sign * std::ldexp(static_cast<float>(hidden + fraction), std::max(exponent, 1) - 25);
}

/// A bf16 is the upper half of a float.
float from_bf16(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

float number_at(std::string_view bytes, NumberFormat format) {
  switch (format) {
    case NumberFormat::f16:
      return from_f16(integer_at<std::uint16_t>(bytes));
    case NumberFormat::bf16:
      return from_bf16(integer_at<std::uint16_t>(bytes));
    case NumberFormat::f32:
      return integer_at<float>(bytes);
    case NumberFormat::f64:
      return static_cast<float>(integer_at<double>(bytes));
  }
  return NAN;
}

}  // namespace

void append_text(std::vector<std::byte>& bytes, std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  bytes.insert(bytes.end(), begin, begin + text.size());
}

void append_numbers(std::vector<std::byte>& bytes, const Tensor& tensor) {
  append_text(bytes, {reinterpret_cast<const char*>(tensor.data<float>()), tensor.bytes()});
}

std::optional<Shape> possible_shape(std::span<const std::int64_t> extents) {
  constexpr auto most = std::int64_t{1} << 31;
  if (extents.size() > Shape::max_rank) return std::nullopt;
  Shape shape;
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) {
    if (extent < 0 || extent > most || count > most) return std::nullopt;
    count *= extent;
    shape.push_back(extent);
  }
  return count > most ? std::nullopt : std::optional(shape);
}

std::size_t size_of(NumberFormat format) {
  switch (format) {
    case NumberFormat::f16:
    case NumberFormat::bf16:
      return 2;
    case NumberFormat::f32:
      return 4;
    case NumberFormat::f64:
      return 8;
  }
  return 0;
}

Tensor to_f32(std::string_view bytes, NumberFormat format, const Shape& shape) {
  Tensor tensor = Tensor::owning(shape, DType::f32);
  float* to = tensor.data<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    to[i] = number_at(bytes.substr(static_cast<std::size_t>(i) * size_of(format)), format);
  }
  return tensor;
}

}  // namespace srwm
