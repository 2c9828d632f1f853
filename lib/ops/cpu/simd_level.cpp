#include "ops/cpu/simd_level.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace srwm::cpu {
namespace {

// Asks for the features one by one: Clang before 18 knows no names for the levels.
SimdLevel machine_level() {
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (v4) return SimdLevel::v4;
  if (v3) return SimdLevel::v3;
#endif
  return SimdLevel::base;
}

SimdLevel level_allowed() {
  const char* variable = std::getenv("SRWM_SIMD");
  const std::string_view wanted = variable == nullptr ? "" : variable;
  if (wanted == "base") return SimdLevel::base;
  if (wanted == "v3") return SimdLevel::v3;
  return SimdLevel::v4;
}

}  // namespace

SimdLevel simd_level() {
  static const SimdLevel level = std::min(machine_level(), level_allowed());
  return level;
}

const char* name_of(SimdLevel level) {
  switch (level) {
    case SimdLevel::v4:
      return "v4";
    case SimdLevel::v3:
      return "v3";
    case SimdLevel::base:
      break;
  }
  return "base";
}

}  // namespace srwm::cpu
