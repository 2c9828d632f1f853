#include "ops/cpu/update_kernels.h"

#include "ops/cpu/simd.h"
#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

using Doubles = double __attribute__((vector_size(SRWM_SIMD_BYTES)));
using HalfVec = float __attribute__((vector_size(SRWM_SIMD_BYTES / 2), aligned(4), may_alias));
constexpr int half = lanes / 2;

inline Doubles squares(const float* x) {
  const Doubles d = __builtin_convertvector(*reinterpret_cast<const HalfVec*>(x), Doubles);
  return d * d;
}

double sum_of_squares(std::int64_t n, const float* x) {
  constexpr int chains = 4;  // one sum alone would wait for each addition
  Doubles sums[chains] = {};
  std::int64_t i = 0;
  for (; i + chains * half <= n; i += chains * half) {
    for (int k = 0; k < chains; ++k) sums[k] += squares(x + i + k * half);
  }
  const Doubles all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double total = 0;
  for (int k = 0; k < half; ++k) total += all[k];
  for (; i < n; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return total;
}

/// Calls body(i, number of lanes) for [0, n), a vector at a time.
template <typename Body>
inline void for_vectors(std::int64_t n, const Body& body) {
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, lanes);
  if (i < n) body(i, static_cast<int>(n - i));
}

void adam(const AdamFactors<float>& f, std::int64_t n, const float* grad, float* m, float* v, float* value) {
  for_vectors(n, [&](std::int64_t i, int count) {
    const Vec g = f.scale * load_first(grad + i, count);
    const Vec new_m = f.beta1 * load_first(m + i, count) + (1 - f.beta1) * g;
    const Vec new_v = f.beta2 * load_first(v + i, count) + (1 - f.beta2) * g * g;
    const Vec change = f.step_size * new_m / (sqrt(new_v) / f.root_correction + f.eps);
    store_first(m + i, new_m, count);
    store_first(v + i, new_v, count);
    store_first(value + i, load_first(value + i, count) - change, count);
  });
}

void rmsprop(const RmsPropFactors<float>& f, std::int64_t n, const float* grad, float* v, float* value) {
  for_vectors(n, [&](std::int64_t i, int count) {
    const Vec g = f.scale * load_first(grad + i, count);
    const Vec new_v = f.alpha * load_first(v + i, count) + (1 - f.alpha) * g * g;
    const Vec change = f.learning_rate * g / (sqrt(new_v) + f.eps);
    store_first(v + i, new_v, count);
    store_first(value + i, load_first(value + i, count) - change, count);
  });
}

}  // namespace

const UpdateKernels update_kernels{sum_of_squares, adam, rmsprop};

}  // namespace srwm::cpu::SRWM_SIMD
