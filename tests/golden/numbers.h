// Comparing tensors with what PyTorch wrote.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "core/tensor.h"

namespace srwm::test {

inline std::vector<double> values_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::f64) return {tensor.span<double>().begin(), tensor.span<double>().end()};
  return {tensor.span<float>().begin(), tensor.span<float>().end()};
}

/// Largest difference; NaN if there is one among the numbers.
inline double deviation(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(found[i] - expected[i]);
    if (!(difference <= worst)) worst = difference;
    if (std::isnan(worst)) break;
  }
  return worst;
}

inline double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

/// Copies the numbers of one tensor into another of its shape, whatever their types.
inline void copy_values(const Tensor& from, const Tensor& to) {
  REQUIRE(from.shape() == to.shape());
  const std::vector<double> values = values_of(from);
  if (to.dtype() == DType::f64) {
    std::ranges::copy(values, to.data<double>());
  } else {
    std::ranges::transform(values, to.data<float>(), [](double value) { return static_cast<float>(value); });
  }
}

}  // namespace srwm::test
