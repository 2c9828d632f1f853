// The command line of the binary as a whole.
#pragma once

#include <span>

#include <CLI/CLI.hpp>

namespace srwm {

struct ExitStatus {
  int code;
  const char* meaning;
};

/// What the binary ends with, for help and man page; docs/user_guide.md says what to do about each.
std::span<const ExitStatus> exit_statuses();

/// Adds all commands, and help that has examples, to an empty `program`, which must stay where it is.
void build_program(CLI::App& program);

}  // namespace srwm
