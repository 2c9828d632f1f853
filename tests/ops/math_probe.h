// The functions of ops/cpu/vector_math.h on arrays, at each SIMD level.
#pragma once

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

struct MathProbe {
  /// y[i] = function of x[i]; n is a multiple of 16.
  void (*exp)(float* y, const float* x, int n);
  void (*sigmoid)(float* y, const float* x, int n);
  void (*tanh)(float* y, const float* x, int n);
  void (*quick_sigmoid)(float* y, const float* x, int n);
  void (*quick_tanh)(float* y, const float* x, int n);
};

SRWM_DECLARE_KERNELS(MathProbe, math_probe)

}  // namespace srwm::cpu
