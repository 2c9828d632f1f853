// The inner loop of 3x3 max-pooling.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// The elements of a window inside the image, in row-major order.
struct Window3x3 {
  const float* element[9];  ///< where each one's channels begin
  std::int32_t number[9];   ///< 3 r + s
  int count = 0;            ///< at least 1
};

struct MaxPool3x3Kernels {
  /// For each channel y = largest element, winner = number of the first largest one. A NaN wins.
  void (*pool)(float* y, std::uint8_t* winner, const Window3x3& window, std::int64_t channels);
};
SRWM_DECLARE_KERNELS(MaxPool3x3Kernels, max_pool3x3_kernels)

}  // namespace srwm::cpu
