// The one-dimensional transforms of F(4, 3) with the points 0, +-a, +-b, infinity, for kernel sources. With
// m(x) = x (x^2 - a^2)(x^2 - b^2), the row of B^T of a point p holds the coefficients of m(x) / (x - p), of infinity
// those of m(x); the row of A of p is 1, p, p^2, p^3; the row of G of p is (1, p, p^2) / m'(p).
// `to_step` and `from_step` are the distances between elements, in vectors.
#pragma once

#include "ops/cpu/simd.h"

namespace srwm::cpu::SRWM_SIMD {

// 5/8 and 3/2: exact in binary, and a quarter of the rounding error of the points 1 and 2.
constexpr float a = 0.625f, b = 1.5f;
constexpr float a2 = a * a, b2 = b * b;
constexpr float at_0 = 1 / (a2 * b2), at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));  // 1 / m'(p)

/// B^T d: 6 -> 6.
template <int to_step, int from_step>
inline void input_1d(Vec* to, const Vec* d) {
  const Vec d0 = d[0], d1 = d[from_step], d2 = d[2 * from_step], d3 = d[3 * from_step], d4 = d[4 * from_step],
            d5 = d[5 * from_step];
  const Vec even_a = d4 - b2 * d2, odd_a = d3 - b2 * d1;
  const Vec even_b = d4 - a2 * d2, odd_b = d3 - a2 * d1;
  to[0] = (d4 - (a2 + b2) * d2) + a2 * b2 * d0;
  to[to_step] = even_a + a * odd_a;
  to[2 * to_step] = even_a - a * odd_a;
  to[3 * to_step] = even_b + b * odd_b;
  to[4 * to_step] = even_b - b * odd_b;
  to[5 * to_step] = (d5 - (a2 + b2) * d3) + a2 * b2 * d1;
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
