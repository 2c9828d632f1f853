// The optimizers' steps over the elements of a tensor as vector code: what ops/cpu/update.cpp runs over threads.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Numbers of one Adam step (AdamUpdate in ops/update.h).
template <typename T>
struct AdamFactors {
  T scale, beta1, beta2, eps, step_size, root_correction;
};

/// Numbers of one RMSProp step (RmsPropUpdate in ops/update.h).
template <typename T>
struct RmsPropFactors {
  T scale, alpha, eps, learning_rate;
};

/// n elements each; the result for an element does not depend on its position in the range.
struct UpdateKernels {
  /// In double, in an order that depends on n alone.
  double (*sum_of_squares)(std::int64_t n, const float* x);
  void (*adam)(const AdamFactors<float>& factors, std::int64_t n, const float* grad, float* m, float* v, float* value);
  void (*rmsprop)(const RmsPropFactors<float>& factors, std::int64_t n, const float* grad, float* v, float* value);
};
SRWM_DECLARE_KERNELS(UpdateKernels, update_kernels)

}  // namespace srwm::cpu
