// The 2x2 windows of an image and the largest of four values, for kernel sources.
#pragma once

#include "ops/cpu/channel_blocks.h"
#include "ops/cpu/channel_kernels.h"

namespace srwm::cpu::SRWM_SIMD {

/// Calls visit(h, w) for the windows of an image.
template <typename Visit>
inline void for_each_window(const PoolShape& s, const Visit& visit) {
  for (std::int64_t h = 0; h < s.height / 2; ++h) {
    for (std::int64_t w = 0; w < s.width / 2; ++w) visit(h, w);
  }
}

struct Largest {
  Vec value;
  Mask index;
};

/// First largest of four; a NaN wins, as in PyTorch.
inline Largest largest_of(Vec z0, Vec z1, Vec z2, Vec z3) {
  Largest best = {z0, Mask{}};
  const Vec rest[3] = {z1, z2, z3};
#pragma GCC unroll 3
  for (int k = 0; k < 3; ++k) {
    const Vec z = rest[k];
    const Mask better = (z > best.value) | (z != z);
    best.value = better ? z : best.value;
    best.index = better ? Mask{} + (k + 1) : best.index;
  }
  return best;
}

/// ReLU that keeps a NaN.
inline Vec relu(Vec v) {
  return v < 0 ? Vec{} : v;
}

/// dL/dpooled where y = ReLU(pooled): the gradient is 0 where y is 0.
template <typename Access>
inline Vec through_relu(const Access& access, const PooledImage& pooled, std::int64_t at) {
  return access.get(pooled.y + at) <= 0 ? Vec{} : access.get(pooled.dy + at);
}

}  // namespace srwm::cpu::SRWM_SIMD
