// UTF-8, as far as specs need it.
#pragma once

#include <cstddef>
#include <string_view>

namespace srwm {

/// Length of the well-formed UTF-8 sequence (no surrogate, no overlong form) that `text` begins with; 0 if there is
/// none.
std::size_t utf8_length(std::string_view text);

/// Whether all of `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

}  // namespace srwm
