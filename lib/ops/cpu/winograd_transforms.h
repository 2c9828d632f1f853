// The one-dimensional transforms of F(4, 3) with the points 0, +-a, +-b, infinity, for kernel sources. With
// m(x) = x (x^2 - a^2)(x^2 - b^2), the row of B^T of a point p holds the coefficients of m(x) / (x - p), of infinity
// those of m(x); the row of A of p is 1, p, p^2, p^3; the row of G of p is (1, p, p^2) / m'(p).
// `to_step` and `from_step` are the distances between elements, in vectors.
#pragma once

#include "ops/cpu/simd.h"

namespace srwm::cpu::SRWM_SIMD {

// 5/8 and 3/2 are exact in binary. Root mean square error of y over 64 channels, relative to y's: 0.75e-6, the least of
// nine pairs tried; 1.7e-6 with the textbook's 1 and 2.
constexpr float a = 0.625f, b = 1.5f;
constexpr float a2 = a * a, b2 = b * b;
constexpr float at_0 = 1 / (a2 * b2), at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));  // 1 / m'(p)

/// Rows of B^T d, by themselves; d(k) gives element k.
template <typename Elements>
inline Vec input_zero(const Elements& d) {
  return (d(4) - (a2 + b2) * d(2)) + a2 * b2 * d(0);
}
template <typename Elements>
inline Vec input_infinity(const Elements& d) {
  return (d(5) - (a2 + b2) * d(3)) + a2 * b2 * d(1);
}

struct InputPair {
  Vec plus, minus;
};

/// The rows of the points +point and -point; `other2` is the square of the other pair.
template <typename Elements>
inline InputPair input_pair(float point, float other2, const Elements& d) {
  const Vec even = d(4) - other2 * d(2), odd = point * (d(3) - other2 * d(1));
  return {even + odd, even - odd};
}

/// B^T d: 6 -> 6.
inline void input_1d(Vec (&to)[6], const Vec (&d)[6]) {
  const auto element = [&](int k) { return d[k]; };
  const InputPair pair_a = input_pair(a, b2, element), pair_b = input_pair(b, a2, element);
  to[0] = input_zero(element);
  to[1] = pair_a.plus;
  to[2] = pair_a.minus;
  to[3] = pair_b.plus;
  to[4] = pair_b.minus;
  to[5] = input_infinity(element);
}

/// A^T m: 6 -> 4.
template <int to_step, int from_step>
inline void output_1d(Vec* to, const Vec* m) {
  const Vec sum_a = m[from_step] + m[2 * from_step], difference_a = m[from_step] - m[2 * from_step];
  const Vec sum_b = m[3 * from_step] + m[4 * from_step], difference_b = m[3 * from_step] - m[4 * from_step];
  to[0] = m[0] + (sum_a + sum_b);
  to[to_step] = a * difference_a + b * difference_b;
  to[2 * to_step] = a2 * sum_a + b2 * sum_b;
  to[3 * to_step] = (a * a2) * difference_a + ((b * b2) * difference_b + m[5 * from_step]);
}

/// A y: 4 -> 6.
template <int to_step, int from_step>
inline void gradient_1d(Vec* to, const Vec* y) {
  const Vec y0 = y[0], y1 = y[from_step], y2 = y[2 * from_step], y3 = y[3 * from_step];
  const Vec even_a = y0 + a2 * y2, odd_a = y1 + a2 * y3;
  const Vec even_b = y0 + b2 * y2, odd_b = y1 + b2 * y3;
  to[0] = y0;
  to[to_step] = even_a + a * odd_a;
  to[2 * to_step] = even_a - a * odd_a;
  to[3 * to_step] = even_b + b * odd_b;
  to[4 * to_step] = even_b - b * odd_b;
  to[5 * to_step] = y3;
}

/// G g: 3 -> 6.
template <int to_step, int from_step>
inline void weight_1d(Vec* to, const Vec* g) {
  const Vec g0 = g[0], g1 = g[from_step], g2 = g[2 * from_step];
  to[0] = at_0 * g0;
  to[to_step] = at_a * (g0 + a * g1 + a2 * g2);
  to[2 * to_step] = at_a * (g0 - a * g1 + a2 * g2);
  to[3 * to_step] = at_b * (g0 + b * g1 + b2 * g2);
  to[4 * to_step] = at_b * (g0 - b * g1 + b2 * g2);
  to[5 * to_step] = g2;
}

/// G^T u: 6 -> 3.
template <int to_step, int from_step>
inline void weight_gradient_1d(Vec* to, const Vec* u) {
  const Vec sum_a = at_a * (u[from_step] + u[2 * from_step]), difference_a = at_a * (u[from_step] - u[2 * from_step]);
  const Vec sum_b = at_b * (u[3 * from_step] + u[4 * from_step]);
  const Vec difference_b = at_b * (u[3 * from_step] - u[4 * from_step]);
  to[0] = at_0 * u[0] + sum_a + sum_b;
  to[to_step] = a * difference_a + b * difference_b;
  to[2 * to_step] = a2 * sum_a + b2 * sum_b + u[5 * from_step];
}

}  // namespace srwm::cpu::SRWM_SIMD
