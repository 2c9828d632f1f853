// The manual page, written from the declarations that the parser itself uses.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace srwm {

/// srwm(1) in roff (man macros): every command with its options, examples, exit status, environment and files.
std::string man_page(const CLI::App& program);

}  // namespace srwm
