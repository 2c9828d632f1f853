// The instruction sets whose kernels can run on this machine.
#pragma once

#include <vector>

#include "ops/cpu/simd_level.h"

namespace srwm::test {

inline std::vector<cpu::SimdLevel> simd_levels_here() {
  std::vector<cpu::SimdLevel> levels;
  for (const cpu::SimdLevel level : {cpu::SimdLevel::base, cpu::SimdLevel::v3, cpu::SimdLevel::v4}) {
    if (level <= cpu::simd_level()) levels.push_back(level);
  }
  return levels;
}

}  // namespace srwm::test
