// Softmax of a short row, lane by lane, for kernel sources.
#pragma once

#include "ops/cpu/fast_weight_matrix.h"

namespace srwm::cpu::SRWM_SIMD {

/// p = softmax(z) of D numbers; D is a multiple of the lanes of V.
template <typename V, int D>
inline void softmax(const float* __restrict z, float* __restrict p) {
  constexpr int vectors = D / lanes_of<V>;
  V e[vectors], largest = load_as<V>(z), total = {};
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) {
    e[j] = load_as<V>(z + j * lanes_of<V>);
    largest = e[j] > largest ? e[j] : largest;
  }
  largest = max_across(largest);
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) total += e[j] = exp(e[j] - largest);
  const V scale = 1.0f / sum_across(total);
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) store_as(p + j * lanes_of<V>, e[j] * scale);
}

/// dL_dz[i] = p[i] (dL_dp[i] - sum_j p[j] dL_dp[j])
template <typename V, int D>
inline void softmax_backward(const float* __restrict p, const float* __restrict dL_dp, float* __restrict dL_dz) {
  V dot = {};
  for (int j = 0; j < D; j += lanes_of<V>) dot += load_as<V>(p + j) * load_as<V>(dL_dp + j);
  dot = sum_across(dot);
  for (int j = 0; j < D; j += lanes_of<V>) store_as(dL_dz + j, load_as<V>(p + j) * (load_as<V>(dL_dp + j) - dot));
}

}  // namespace srwm::cpu::SRWM_SIMD
