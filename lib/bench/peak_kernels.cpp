#include "bench/peak_kernels.h"

#include "ops/cpu/simd.h"

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

}  // namespace

extern const PeakKernels peak_kernels;
const PeakKernels peak_kernels{multiply_add};

}  // namespace srwm::cpu::SRWM_SIMD
