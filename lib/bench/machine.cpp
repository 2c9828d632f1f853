#include "bench/machine.h"

#include <atomic>
#include <cstring>
#include <vector>

#include "bench/peak_kernels.h"
#include "bench/random_tensor.h"
#include "bench/timing.h"
#include "core/parallel.h"
#include "core/tensor.h"
#include "ops/backend.h"

namespace srwm {
namespace {

constexpr double seconds_each = 0.3;

double fma_gflops(int threads) {
  constexpr std::int64_t rounds = 4'000'000;
  std::vector<float> sinks(static_cast<std::size_t>(threads) * 16);
  std::atomic<std::int64_t> operations = 0;
  const Timing timing = time_repeatedly(seconds_each, [&] {
    operations = 0;
    parallel_for(threads, threads, [&](std::int64_t i) {
      operations += cpu::peak_kernels().multiply_add(rounds, &sinks[static_cast<std::size_t>(i) * 16]);
    });
  });
  return static_cast<double>(operations) / timing.best * 1e-9;
}

double host_copy_gb_per_s(int threads) {
  constexpr std::int64_t bytes = std::int64_t{256} << 20;  // far larger than any cache
  const Tensor from = Tensor::owning({bytes}, DType::u8), to = Tensor::owning({bytes}, DType::u8);
  const Timing timing = time_repeatedly(seconds_each, [&] {
    parallel_ranges(threads, bytes, 1 << 20, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(to.data<std::uint8_t>() + begin, from.data<std::uint8_t>() + begin,
                  static_cast<std::size_t>(end - begin));
    });
  });
  return 2 * static_cast<double>(bytes) / timing.best * 1e-9;
}

double device_copy_gb_per_s(Context& context, std::int64_t bytes) {
  const Tensor from = context.persistent({bytes}, DType::u8), to = context.persistent({bytes}, DType::u8);
  const Timing timing = time_on_device(context, seconds_each, [&] { context.copy(to, from); });
  return 2 * static_cast<double>(bytes) / timing.best * 1e-9;
}

double product_gflops(Context& context, std::int64_t n, Precision precision) {
  const DType factors = precision == Precision::bf16 ? DType::bf16 : DType::f32;
  const Tensor a = random_tensor(context, {n, n}, 1, 0, factors), b = random_tensor(context, {n, n}, 1, 1, factors);
  const Tensor c = context.persistent({n, n}, DType::f32);
  const Precision before = context.precision();
  context.set_precision(precision);
  const Timing timing =
      time_on_device(context, seconds_each, [&] { context.backend().peaks.product(context, a, b, c); });
  context.set_precision(before);
  const auto size = static_cast<double>(n);
  return 2 * size * size * size / timing.median * 1e-9;
}

}  // namespace

MachinePeaks measure_machine(Context& context, const PeakSizes& sizes) {
  MachinePeaks peaks{.simd = cpu::name_of(cpu::simd_level())};
  if (context.backend().peaks.product == nullptr) {
    peaks.gflops[static_cast<std::size_t>(Precision::fp32)] = fma_gflops(context.threads());
    peaks.copy_gb_per_s = host_copy_gb_per_s(context.threads());
    return peaks;
  }
  for (const Precision precision : all_precisions) {
    peaks.gflops[static_cast<std::size_t>(precision)] = product_gflops(context, sizes.matrix, precision);
  }
  peaks.copy_gb_per_s = device_copy_gb_per_s(context, sizes.copy_bytes);
  return peaks;
}

}  // namespace srwm
