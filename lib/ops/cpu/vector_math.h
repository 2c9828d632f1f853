// Elementary functions of vectors of floats for kernel sources; V is any GCC vector of floats, Vec or narrower.
// Worst errors over all floats, in units of the last place: exp 1.1, sigmoid and tanh 2.5; quick_sigmoid (for
// |x| < 20; 16 without fused multiply-adds) and quick_tanh 7 (vector_math_test.cpp). NaN in, NaN out.
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

/// 1 / x for x of size 2^-125 to 2^125, to within two units of the last place.
template <typename V>
inline V quick_reciprocal(V x) {
  return 1.0f / x;
}
#if defined(__AVX512F__)
template <>
inline Vec quick_reciprocal(Vec x) {
  const Vec r = _mm512_maskz_rcp14_ps(first_lanes(lanes), x);
  return r * (2.0f - x * r);  // one step of Newton's, from 14 bits to 28
}
#endif

/// `low` <= x <= `high`, or the nearer of them; NaN stays.
template <typename V>
inline V clamp(V x, float low, float high) {
  x = x < low ? V{} + low : x;
  return x > high ? V{} + high : x;
}
// One instruction each, which for two numbers that cannot be compared gives the second.
#if defined(__AVX512F__)
template <>
inline Vec clamp(Vec x, float low, float high) {
  const auto all = first_lanes(lanes);
  return _mm512_maskz_min_ps(all, broadcast(high), _mm512_maskz_max_ps(all, broadcast(low), x));
}
#elif defined(__AVX2__)
template <>
inline Vec clamp(Vec x, float low, float high) {
  return _mm256_min_ps(broadcast(high), _mm256_max_ps(broadcast(low), x));
}
#endif

/// 1 + e^-x for the functions below, e^80 below -80. 2^r is the polynomial of degree 5 with p(0) = 1 and the smallest
/// relative error on [-1/2, 1/2], 9e-8.
template <typename V>
inline V quick_sigmoid_denominator(V x) {
  constexpr float log2_e = 1.44269504f, shift = 12582912.0f;
  using Ints = decltype(x < x);
  x = clamp(x, -80.0f, 80.0f);
  const V shifted = shift - x * log2_e;
  const V r = (shift - shifted) - x * log2_e;  // -x log2 e less the nearest integer
  V p = r * 0.001326472708f + 0.009671512862f;
  p = p * r + 0.05550733746f;
  p = p * r + 0.2402224208f;
  p = p * r + 0.6931469776f;
  p = p * r + 1.0f;
  // the low bits of `shifted` are the integer; the rest of them leaves the word
  const Ints scaled = reinterpret_cast<Ints>(p) + (reinterpret_cast<Ints>(shifted) << 23);
  return 1.0f + reinterpret_cast<V>(scaled);
}

/// tanh(x) = numerator / denominator: x P(x^2) / Q(x^2) with the smallest relative error for |x| < 9.02, 6e-8.
template <typename V>
struct QuickTanh {
  explicit QuickTanh(V x) {
    x = clamp(x, -9.02f, 9.02f);
    const V z = x * x;
    V p = z * 1.81638517e-11f - 1.274446386e-08f;
    p = p * z + 9.255375332e-06f;
    p = p * z + 0.002919440887f;
    p = p * z + 0.1291799987f;
    p = p * z + 0.99999994f;
    V q = z * 0.0002279176371f + 0.02375776122f;
    q = q * z + 0.4625128284f;
    numerator = x * p;
    denominator = q * z + 1.0f;
  }
  V numerator, denominator;
};

/// 1 / (1 + e^-x), where speed matters more than the last places; e^-80 below -80.
template <typename V>
inline V quick_sigmoid(V x) {
  return quick_reciprocal(quick_sigmoid_denominator(x));
}

template <typename V>
inline V quick_tanh(V x) {
  const QuickTanh<V> tanh(x);
  return clamp(tanh.numerator * quick_reciprocal(tanh.denominator), -1.0f, 1.0f);
}

/// sigmoid(gate) tanh(x), with one reciprocal for both.
template <typename V>
inline V quick_gated_tanh(V gate, V x) {
  const QuickTanh<V> tanh(x);
  return tanh.numerator * quick_reciprocal(tanh.denominator * quick_sigmoid_denominator(gate));
}

}  // namespace srwm::cpu::SRWM_SIMD
