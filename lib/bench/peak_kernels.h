// The fastest multiply-add loop of each instruction set.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

struct PeakKernels {
  /// Runs `rounds` rounds of independent multiply-adds and returns the number of floating-point operations done; the
  /// sum goes to `sink` so that they are not optimised away.
  std::int64_t (*multiply_add)(std::int64_t rounds, float* sink);
};

SRWM_DECLARE_KERNELS(PeakKernels, peak_kernels)

}  // namespace srwm::cpu
