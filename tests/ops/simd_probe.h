// Kernels that show what ops/cpu/simd.h does at a level.
#pragma once

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

struct SimdProbe {
  int lanes;
  /// y[i] = a[i] * b[i] + c[i] where that is positive, else -1.
  void (*positive_fma)(float* y, const float* a, const float* b, const float* c, int n);
  /// Copies n floats through load_first and store_first.
  void (*copy)(float* to, const float* from, int n);
  float (*sum)(const float* x, int n);
};

SRWM_DECLARE_KERNELS(SimdProbe, simd_probe)

}  // namespace srwm::cpu
