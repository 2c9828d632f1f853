#include "ops/cpu/simd_request.h"

#include <cstdlib>

#include "core/error.h"

namespace srwm::cpu {

std::optional<SimdLevel> requested_simd_level() {
  const char* variable = std::getenv("SRWM_SIMD");
  if (variable == nullptr || *variable == '\0') return std::nullopt;
  const std::optional<SimdLevel> level = parse_simd_level(variable);
  if (!level) {
    throw UsageError("The environment variable SRWM_SIMD is '{}'. Set it to base, v3 or v4, or unset it.", variable);
  }
  if (*level <= machine_simd_level()) return level;
  throw DeviceError(
      "The environment variable SRWM_SIMD asks for the instruction set {}, but this processor has {} at most. Unset "
      "the "
      "variable.",
      variable, name_of(machine_simd_level()));
}

std::optional<SimdLevel> parse_simd_level(std::string_view name) {
  for (const SimdLevel level : {SimdLevel::base, SimdLevel::v3, SimdLevel::v4}) {
    if (name == name_of(level)) return level;
  }
  return std::nullopt;
}

}  // namespace srwm::cpu
