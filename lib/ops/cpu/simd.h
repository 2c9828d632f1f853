// Vectors of floats for kernel sources (see simd_level.h), on GCC's vector extensions: + - * and comparisons work lane
// by lane, a * b + c becomes one fused multiply-add where the level has it, `mask ? a : b` selects.
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef SRWM_SIMD
#error "simd.h is for sources listed with srwm_simd_sources()."
#endif

namespace srwm::cpu::SRWM_SIMD {

/// Floats in a vector: 16, 8 or 4.
constexpr int lanes = SRWM_SIMD_BYTES / 4;

using Vec = float __attribute__((vector_size(SRWM_SIMD_BYTES)));
/// What comparing two Vec gives: all bits of a lane set or none.
using Mask = std::int32_t __attribute__((vector_size(SRWM_SIMD_BYTES)));
using UnalignedVec = float __attribute__((vector_size(SRWM_SIMD_BYTES), aligned(4), may_alias));

inline Vec load(const float* p) {
  return *reinterpret_cast<const UnalignedVec*>(p);
}
inline void store(float* p, Vec v) {
  *reinterpret_cast<UnalignedVec*>(p) = v;
}
inline Vec broadcast(float x) {
  return x - Vec{};
}

#if defined(__AVX2__)
/// All bits set in the first n lanes.
inline auto first_lanes(int n) {
#if defined(__AVX512F__)
  return static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1);
#else
  const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), numbers);
#endif
}
#endif

/// The first n floats at p, then zeros; 0 <= n <= lanes. Memory after them is not touched.
inline Vec load_first(const float* p, int n) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(first_lanes(n), p);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(p, first_lanes(n));
#else
  if (n == lanes) return load(p);
  float buffer[lanes] = {};
  for (int i = 0; i < n; ++i) buffer[i] = p[i];
  return load(buffer);
#endif
}
inline void store_first(float* p, Vec v, int n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, first_lanes(n), v);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(p, first_lanes(n), v);
#else
  if (n == lanes) return store(p, v);
  for (int i = 0; i < n; ++i) p[i] = v[i];
#endif
}

inline Vec max(Vec a, Vec b) {
  return a > b ? a : b;
}
inline Vec min(Vec a, Vec b) {
  return a < b ? a : b;
}

/// Sum of the lanes, in a fixed order.
inline float sum(Vec v) {
  float total = 0;
  for (int i = 0; i < lanes; ++i) total += v[i];
  return total;
}

}  // namespace srwm::cpu::SRWM_SIMD
