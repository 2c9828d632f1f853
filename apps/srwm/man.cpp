// srwm man: the manual page.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "srwm/commands.h"
#include "srwm/man_page.h"

namespace srwm {

void add_man_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("man", "Print the manual page, for man or for a file srwm.1");
  command->footer("Examples:\n  srwm man | man -l -");
  command->callback([&app] { fmt::print("{}", man_page(app)); });
}

}  // namespace srwm
