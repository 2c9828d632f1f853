// srwm completion: scripts that make shells complete commands, options, keys of the spec and file names.
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "completion_scripts.h"
#include "srwm/commands.h"

namespace srwm {

void add_completion_command(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print the completion script of a shell");
  command->add_option("SHELL", *shell, "bash or zsh")->check(CLI::IsMember({"bash", "zsh"}))->required();
  command->footer(R"(Examples:
  source <(srwm completion bash)                                   in ~/.bashrc
  source <(srwm completion zsh)                                    in ~/.zshrc, after compinit
  srwm completion zsh > ~/.zfunc/_srwm                             for a folder in $fpath)");
  command->callback([shell] { fmt::print("{}", *shell == "bash" ? bash_completion : zsh_completion); });
}

}  // namespace srwm
