// Whether numbers are numbers.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace srwm {

/// How many elements of a host tensor are NaN or infinite; 0 for types other than f32 and f64.
std::int64_t count_not_finite(const Tensor& host);

inline bool all_finite(const Tensor& host) {
  return count_not_finite(host) == 0;
}

}  // namespace srwm
