// What the machine itself can do, measured: the yardsticks that other figures are held against.
#pragma once

#include <array>
#include <string>

#include "ops/context.h"

namespace srwm {

/// Sizes for the device's measurements.
struct PeakSizes {
  std::int64_t matrix = 8192;                       ///< of square matrices
  std::int64_t copy_bytes = std::int64_t{1} << 31;  ///< far larger than any cache
};

struct MachinePeaks {
  /// Per Precision, in its order: float32 operations per second in 1e9, a multiply-add being two. On a CPU
  /// multiply-adds in registers on all threads; on a GPU its library's products of large random matrices: of float32,
  /// of float32 rounded to tf32, of bf16. 0: the device does not compute in it.
  std::array<double, std::size(all_precisions)> gflops{};
  double copy_gb_per_s = 0;  ///< copy between two large arrays in the device's memory, bytes read plus bytes written
  std::string simd;          ///< the CPU's instruction set in use: "v4" (AVX-512), "v3" (AVX2), "base"

  double gflops_in(Precision precision) const { return gflops[static_cast<std::size_t>(precision)]; }
};

/// Of the context's device; takes about a second.
MachinePeaks measure_machine(Context& context, const PeakSizes& sizes = {});

}  // namespace srwm
