// Elementary functions of vectors of floats for kernel sources; V is any GCC vector of floats, Vec or narrower.
// Worst errors over all floats, in units of the last place: exp 1.1, sigmoid and tanh 2.5 (vector_math_test.cpp). NaN
// in, NaN out.
#pragma once

#include "ops/cpu/simd.h"

namespace srwm::cpu::SRWM_SIMD {

/// 2^n for integers n in [-126, 127] held as floats.
template <typename V>
inline V power_of_two(V n) {
  using Ints = decltype(n < n);
  const Ints exponent_bits = (__builtin_convertvector(n, Ints) + 127) << 23;
  return reinterpret_cast<V>(exponent_bits);
}

/// The nearest integer, for |x| < 2^22: adding 1.5 2^23 leaves no bits for a fraction.
template <typename V>
inline V round_to_integer(V x) {
  constexpr float shift = 12582912.0f;
  return (x + shift) - shift;
}

/// e^x; gradual underflow below -87.3, infinity above 88.7.
template <typename V>
inline V exp(V x) {
  constexpr float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  // Outside these bounds e^x is 0 or infinity anyway. The order of the comparisons lets NaN through.
  x = x < -104.0f ? V{} - 104.0f : x;
  x = x > 89.0f ? V{} + 89.0f : x;
  // e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln(2) / 2: Taylor's series to r^7 / 7! is good to 2^-27 there
  const V n = round_to_integer(x * log2_e);
  const V r = (x - n * ln2_high) - n * ln2_low;
  V p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // in two factors, because 2^n alone may be out of range
  const V half = round_to_integer(n * 0.5f);
  return p * power_of_two(half) * power_of_two(n - half);
}

/// Rounded correctly in each lane.
template <typename V>
inline V sqrt(V x) {
  V root{};
  for (int i = 0; i < static_cast<int>(sizeof(V) / sizeof(float)); ++i) root[i] = __builtin_sqrtf(x[i]);
  return root;
}

/// 1 / (1 + e^-x); 0 below -88.8, where it is less than any normal float.
template <typename V>
inline V sigmoid(V x) {
  return 1.0f / (1.0f + exp(-x));
}

/// Lambert's continued fraction near zero, 1 - 2 / (e^2|x| + 1) elsewhere.
template <typename V>
inline V tanh(V x) {
  const V z = x * x, magnitude = x < 0.0f ? -x : x;
  const V near = x * ((21.0f * z + 1260.0f) * z + 10395.0f) / (((z + 210.0f) * z + 4725.0f) * z + 10395.0f);
  const V far = 1.0f - 2.0f / (exp(2.0f * magnitude) + 1.0f);
  return magnitude < 0.625f ? near : (x < 0.0f ? -far : far);
}

}  // namespace srwm::cpu::SRWM_SIMD
