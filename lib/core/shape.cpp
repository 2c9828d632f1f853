#include "core/shape.h"

#include <fmt/ranges.h>

#include "core/error.h"

namespace srwm {

Shape::Shape(std::initializer_list<std::int64_t> dims) {
  for (std::int64_t dim : dims) push_back(dim);
}

std::int64_t Shape::operator[](int axis) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  SRWM_CHECK(index >= 0 && index < rank_, "axis {} of a shape of rank {}", axis, rank_);
  return dims_[static_cast<std::size_t>(index)];
}

std::int64_t Shape::numel() const {
  std::int64_t product = 1;
  for (int i = 0; i < rank_; ++i) product *= dims_[static_cast<std::size_t>(i)];
  return product;
}

void Shape::push_back(std::int64_t dim) {
  SRWM_CHECK(rank_ < max_rank, "a shape has at most {} axes", max_rank);
  SRWM_CHECK(dim >= 0, "negative extent {}", dim);
  dims_[static_cast<std::size_t>(rank_++)] = dim;
}

std::string Shape::to_string() const {
  return fmt::format("[{}]", fmt::join(dims_.begin(), dims_.begin() + rank_, ", "));
}

}  // namespace srwm
