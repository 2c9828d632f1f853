#include "bench/peak_kernels.h"

#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

std::int64_t multiply_add(std::int64_t rounds, float* sink) {
  // Enough independent sums to cover the latency of the multiply-add on two pipes.
  constexpr int sums = 12;
  Vec accumulators[sums];
  for (int i = 0; i < sums; ++i) accumulators[i] = broadcast(static_cast<float>(i));
  const Vec a = broadcast(0.999F), b = broadcast(0.001F);
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (Vec& accumulator : accumulators) accumulator = accumulator * a + b;
  }
  Vec total{};
  for (const Vec& accumulator : accumulators) total += accumulator;
  *sink = sum(total);
  return rounds * sums * lanes * 2;
}

void gates(std::int64_t rounds, float* sink) {
  constexpr int cells = 16, units = 64;  // sub-RNNs in the cache
  float z[units * cells];
  for (int i = 0; i < units * cells; ++i) z[i] = 0.01F * static_cast<float>(i % 200 - 100);
  for (std::int64_t round = 0; round < rounds; ++round) {
    float* unit = z + round % units * cells;
    for (int i = 0; i < cells; i += lanes) {
      const Vec x = load(unit + i), shifted = x + 0.5F;
      const Vec sigmoids = quick_sigmoid(x) + quick_sigmoid(shifted) + quick_sigmoid(x - 0.5F);
      store(unit + i, sigmoids - quick_tanh(x) - quick_tanh(shifted));
    }
  }
  *sink = z[0];
}

}  // namespace

extern const PeakKernels peak_kernels;
const PeakKernels peak_kernels{multiply_add, gates};

}  // namespace srwm::cpu::SRWM_SIMD
