// UTF-8, as far as messages and specs need it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace srwm {

/// Length of the well-formed UTF-8 sequence (no surrogate, no overlong form) that `text` begins with; 0 if there is
/// none.
std::size_t utf8_length(std::string_view text);

/// Whether all of `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

/// `text` with every byte that is not UTF-8, and every control character but '\n' and '\t', written as "\xe9": for
/// messages, logs and JSON, which show names of files. Names are bytes; a terminal or a JSON reader takes text.
std::string printable(std::string_view text);

}  // namespace srwm
