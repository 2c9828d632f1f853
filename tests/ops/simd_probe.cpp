#include "ops/simd_probe.h"

#include "ops/cpu/simd.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

int part(int i, int n) {
  return n - i < lanes ? n - i : lanes;
}

void positive_fma(float* y, const float* a, const float* b, const float* c, int n) {
  for (int i = 0; i < n; i += lanes) {
    const int k = part(i, n);
    const Vec value = load_first(a + i, k) * load_first(b + i, k) + load_first(c + i, k);
    store_first(y + i, value > 0 ? value : broadcast(-1), k);
  }
}

void copy(float* to, const float* from, int n) {
  for (int i = 0; i < n; i += lanes) store_first(to + i, load_first(from + i, part(i, n)), part(i, n));
}

float sum_of(const float* x, int n) {
  Vec total = {};
  for (int i = 0; i < n; i += lanes) total += load_first(x + i, part(i, n));
  return sum(total);
}

}  // namespace

const SimdProbe simd_probe{lanes, positive_fma, copy, sum_of};

}  // namespace srwm::cpu::SRWM_SIMD
