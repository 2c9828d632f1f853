// Standard streams that may be closed, full, or gone.
#pragma once

#include <string_view>

namespace srwm {

/// Writes to stderr; ignores errors.
void print_to_stderr(std::string_view text) noexcept;

/// Makes printing to stdout wait where a program that shares it has made it non-blocking and its reader is slow; else
/// what does not fit would be lost.
void wait_for_readers_of_stdout();

}  // namespace srwm
