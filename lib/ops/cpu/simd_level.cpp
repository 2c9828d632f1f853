#include "ops/cpu/simd_level.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace srwm::cpu {
namespace {

SimdLevel machine_level() {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return SimdLevel::v4;
  if (__builtin_cpu_supports("x86-64-v3")) return SimdLevel::v3;
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
