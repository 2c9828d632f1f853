// Dropout masks drawn many elements at a time.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Element i has factor 0 where word i % 4 of Philox block first + i / 4 is below `dropped_below`, else `scale`.
struct DropoutMask {
  std::uint32_t key[2];
  std::uint32_t step, stream;  ///< the upper half of the counter
  std::uint64_t first;         ///< the lower half, for element 0
  std::uint32_t dropped_below;
  float scale;
};

struct DropoutKernels {
  /// Elements that a call starts at a multiple of.
  static constexpr std::int64_t alignment = 32;
  /// y[i] = x[i] factor(i), or y[i] += x[i] factor(i), for i in [begin, end).
  void (*apply)(const DropoutMask& mask, std::int64_t begin, std::int64_t end, const float* x, float* y,
                bool accumulate);
};
SRWM_DECLARE_KERNELS(DropoutKernels, dropout_kernels)

}  // namespace srwm::cpu
