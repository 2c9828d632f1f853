// srwm: experiment runner for neural networks that rewrite their own weights.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "srwm/commands.h"
#include "srwm/version_text.h"

namespace srwm {
namespace {

constexpr const char* examples = R"(Examples:
  srwm train-fewshot --config experiments/quickstart.json      train and evaluate on built-in data
  srwm train-fewshot --config X.json --resume                  go on where it was stopped, or start
  srwm eval --run runs/quickstart-s1                           test accuracy of a run's best model
  srwm config check experiments/*.json                         all mistakes in specs at once
  srwm config explain model.core                               what a key means
  srwm data inspect omniglot28.h5 --sheet sheet.png            what is in a file
  srwm bench --suite step                                      how fast this machine is

'srwm COMMAND --help' explains each command. Exit codes: 0 done, 2 usage or spec, 3 data file, 4 device or library,
5 numbers not finite, 75 stopped after a checkpoint (run again with --resume).)";

void build(CLI::App& app) {
  app.set_help_all_flag("--help-all", "Help of all commands");
  app.set_version_flag(
      "--version", [] { return version_text(); }, "Print versions and exit");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  add_train_fewshot_command(app);
  add_eval_command(app);
  add_config_command(app);
  add_data_command(app);
  add_bench_command(app);
  app.footer(examples);  // last, since subcommands inherit the footer they find
}

int report(const char* message, ExitCode code) {
  fmt::print(stderr, "srwm: {}\n", message);
  return static_cast<int>(code);
}

int run(int argc, char** argv) {
  CLI::App app("Experiment runner for neural networks that rewrite their own weights.", "srwm");
  build(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    // 0 for --help and --version; CLI11's own codes for mistakes are not ours.
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
  } catch (const Error& error) {
    return report(error.what(), error.code());
  }
}

}  // namespace
}  // namespace srwm

int main(int argc, char** argv) {
  try {
    return srwm::run(argc, argv);
  } catch (const std::bad_alloc&) {
    return srwm::report("Out of memory. A smaller train.batch needs less; --dry-run estimates how much a spec takes.",
                        srwm::ExitCode::device);
  } catch (const std::exception& error) {
    fmt::print(stderr,
               "srwm: internal error: {}\nThis is a mistake in srwm, not yours. Please report it together with the "
               "spec and the output of 'srwm --version'.\n",
               error.what());
    return 70;
  }
}
