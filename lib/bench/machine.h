// What the machine itself can do, measured: the yardsticks that other figures are held against.
#pragma once

#include <string>

namespace srwm {

struct MachinePeaks {
  double fma_gflops = 0;     ///< multiply-adds in registers, float32, all threads (a multiply-add is 2 operations)
  double copy_gb_per_s = 0;  ///< copy between two large arrays, bytes read plus bytes written, all threads
  std::string simd;          ///< instruction set in use: "v4" (AVX-512), "v3" (AVX2), "base"
};

/// Takes about a second.
MachinePeaks measure_machine(int threads);

}  // namespace srwm
