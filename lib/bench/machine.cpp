#include "bench/machine.h"

#include <atomic>
#include <cstring>
#include <vector>

#include "bench/peak_kernels.h"
#include "bench/timing.h"
#include "core/parallel.h"
#include "core/tensor.h"

namespace srwm {
namespace {

double fma_gflops(int threads) {
  constexpr std::int64_t rounds = 4'000'000;
  std::vector<float> sinks(static_cast<std::size_t>(threads) * 16);
  std::atomic<std::int64_t> operations = 0;
  const Timing timing = time_repeatedly(0.3, [&] {
    operations = 0;
    parallel_for(threads, threads, [&](std::int64_t i) {
      operations += cpu::peak_kernels().multiply_add(rounds, &sinks[static_cast<std::size_t>(i) * 16]);
    });
  });
  return static_cast<double>(operations) / timing.best * 1e-9;
}

double copy_gb_per_s(int threads) {
  constexpr std::int64_t bytes = std::int64_t{256} << 20;  // far larger than any cache
  const Tensor from = Tensor::owning({bytes}, DType::u8), to = Tensor::owning({bytes}, DType::u8);
  const Timing timing = time_repeatedly(0.3, [&] {
    parallel_ranges(threads, bytes, 1 << 20, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(to.data<std::uint8_t>() + begin, from.data<std::uint8_t>() + begin,
                  static_cast<std::size_t>(end - begin));
    });
  });
  return 2 * static_cast<double>(bytes) / timing.best * 1e-9;
}

}  // namespace

MachinePeaks measure_machine(int threads) {
  return {fma_gflops(threads), copy_gb_per_s(threads), cpu::name_of(cpu::simd_level())};
}

}  // namespace srwm
