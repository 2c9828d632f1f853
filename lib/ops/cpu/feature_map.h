// The feature map of DeltaNet and the linear Transformer as vector code, f(z) = (elu(z) + 1) / (sum(elu(z) + 1) + eps).
#pragma once

#include "ops/cpu/fast_weight_matrix.h"

namespace srwm::cpu::SRWM_SIMD {

/// For keys of a fast-weight matrix M: D numbers in vectors as wide as the matrix uses.
template <typename M>
struct FeatureMap {
  using V = typename M::V;
  static constexpr int D = M::D, width = M::width;

  /// p = f(z); returns the divisor sum(elu(z) + 1) + eps.
  static float forward(const float* z, float eps, float* p) {
    V total = {};
    for (int i = 0; i < D; i += width) {
      const V zi = load_as<V>(z + i), e = zi > 0.0f ? zi + 1.0f : exp(zi);
      store_as(p + i, e);
      total += e;
    }
    const V divisor = sum_across(total) + eps;
    for (int i = 0; i < D; i += width) store_as(p + i, load_as<V>(p + i) / divisor);
    return divisor[0];
  }

  /// dL_dz of p = f(z), from p and its divisor.
  static void backward(const float* p, float divisor, const float* dL_dp, float* dL_dz) {
    const V along = dot(p, dL_dp);
    for (int i = 0; i < D; i += width) {
      // p_i = e_i / divisor;  e = z + 1 above zero, where e > 1, and exp(z) below
      const V e = load_as<V>(p + i) * divisor;
      store_as(dL_dz + i, (load_as<V>(dL_dp + i) - along) / divisor * (e < 1.0f ? e : V{} + 1.0f));
    }
  }

  /// The dot product of two vectors of D numbers, in every lane.
  static V dot(const float* a, const float* b) {
    V total = {};
    for (int i = 0; i < D; i += width) total += load_as<V>(a + i) * load_as<V>(b + i);
    return sum_across(total);
  }
};

}  // namespace srwm::cpu::SRWM_SIMD
