// The extents of a row-major tensor.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace srwm {

/// Up to six extents, held inline: making a shape never allocates.
class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims);

  int rank() const { return rank_; }
  /// Extent of axis `axis`; negative axes count from the end. Throws InternalError if there is no such axis.
  std::int64_t operator[](int axis) const;
  /// Product of all extents; 1 for rank 0.
  std::int64_t numel() const;
  void push_back(std::int64_t dim);
  /// "[128, 6, 256]"
  std::string to_string() const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, max_rank> dims_{};
  int rank_ = 0;
};

}  // namespace srwm
