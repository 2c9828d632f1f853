// Checks of the values of command-line options.
#pragma once

#include <CLI/CLI.hpp>

namespace srwm {

/// A number above 0, and not NaN.
const CLI::Validator& positive();
/// No minus sign, which an unsigned number would take for a huge one.
const CLI::Validator& not_negative();
/// Not the empty text that a shell makes of a variable that is not set.
const CLI::Validator& not_empty();

}  // namespace srwm
