// The environment variable SRWM_SIMD: which instruction set the user asks for.
#pragma once

#include <optional>
#include <string_view>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// The level that SRWM_SIMD asks for; none if it is not set or empty. UsageError if it is not the name of a level,
/// DeviceError if the machine lacks that level.
std::optional<SimdLevel> requested_simd_level();

/// "base", "v3", "v4"; none for any other text.
std::optional<SimdLevel> parse_simd_level(std::string_view name);

}  // namespace srwm::cpu
