// The fastest multiply-add loop of each instruction set, and the gates of an LSTM alone.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

struct PeakKernels {
  /// Runs `rounds` rounds of independent multiply-adds and returns the number of floating-point operations done; the
  /// sum goes to `sink` so that they are not optimised away.
  std::int64_t (*multiply_add)(std::int64_t rounds, float* sink);
  /// `rounds` times the 48 sigmoids and 32 hyperbolic tangents that a sub-RNN of 16 cells takes per micro tick, by the
  /// functions of ops/cpu/vsml_kernels.cpp, on numbers in the first-level cache.
  void (*gates)(std::int64_t rounds, float* sink);
};

SRWM_DECLARE_KERNELS(PeakKernels, peak_kernels)

}  // namespace srwm::cpu
