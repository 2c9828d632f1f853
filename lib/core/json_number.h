// Integers in JSON that other programs (jq, JavaScript) read as doubles.
#pragma once

#include <cstdint>

namespace srwm {

/// Whether a double holds this integer and no other program rounds it. Larger ones are written as text.
constexpr bool is_safe_in_json(std::uint64_t integer) {
  return integer <= std::uint64_t{1} << 53;
}

}  // namespace srwm
