// The subcommands of the binary. Each stands in a file of its own, adds itself to `app` and does its work in a
// callback; what goes wrong is thrown as an srwm::Error, whose exit code main() returns.
#pragma once

namespace CLI {
class App;
}

namespace srwm {

void add_config_command(CLI::App& app);  ///< srwm config show|check|schema|explain

}  // namespace srwm
