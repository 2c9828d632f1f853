#include "srwm/program.h"

#include <string>

#include <fmt/core.h>

#include "core/error.h"
#include "srwm/commands.h"
#include "srwm/version_text.h"

namespace srwm {
namespace {

constexpr const char* examples = R"(Examples:
  srwm train-fewshot --config experiments/quickstart.json      train and evaluate on built-in data
  srwm train-fewshot --config X.json --resume                  go on where it was stopped, or start
  srwm eval --run runs/quickstart-s1                           test accuracy of a run's best model
  srwm predict --run runs/quickstart-s1 --support letters --query unknown.png     labels of your own pictures
  srwm export --run runs/quickstart-s1 --out model.safetensors  weights for other programs
  srwm config check experiments/*.json                         all mistakes in specs at once
  srwm config explain model.core                               what a key means
  srwm data inspect omniglot28.h5 --sheet sheet.png            what is in a file
  srwm train-rl --config experiments/games_quickstart.json     an agent that plays a built-in game
  srwm env watch --game signpost --out sheet.png               look at a built-in game
  srwm status runs --watch                                     how far runs are, which have failed
  srwm compare runs/a-s* runs/b-s*                             whether one kind of run is better than another
  srwm report experiments/omniglot_1shot                       a table: our runs beside published figures
  srwm bench --suite step                                      how fast this machine is
  source <(srwm completion bash)                               completion of commands, keys and files

'srwm COMMAND --help' explains each command.

)";

constexpr ExitStatus statuses[] = {
    {static_cast<int>(ExitCode::done), "done"},
    {static_cast<int>(ExitCode::usage), "command line or spec"},
    {static_cast<int>(ExitCode::data), "data file, or the disk"},
    {static_cast<int>(ExitCode::device), "device or library"},
    {static_cast<int>(ExitCode::not_finite), "numbers not finite"},
    {70, "a mistake in srwm"},
    {static_cast<int>(ExitCode::stopped), "stopped after a checkpoint (run again with --resume)"},
    {static_cast<int>(ExitCode::rank_lost), "a rank of the run was lost (run again with --resume)"},
};

std::string exit_codes() {
  std::string text = "Exit codes:";
  for (const ExitStatus& status : statuses) text += fmt::format("\n  {:>2}  {}", status.code, status.meaning);
  return text;
}

}  // namespace

std::span<const ExitStatus> exit_statuses() {
  return statuses;
}

void build_program(CLI::App& program) {
  program.name("srwm");
  program.description("Experiment runner for neural networks that rewrite their own weights.");
  program.set_help_all_flag("--help-all", "Help of all commands");
  program.set_version_flag(
      "--version", [] { return version_text(); }, "Print versions and exit");
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  add_train_commands(program);
  add_eval_command(program);
  add_predict_command(program);
  add_export_commands(program);
  add_config_command(program);
  add_data_command(program);
  add_env_command(program);
  add_status_command(program);
  add_compare_command(program);
  add_report_command(program);
  add_sweep_command(program);
  add_bench_command(program);
  add_completion_command(program);
  add_man_command(program);
  program.footer(examples + exit_codes());  // last, since subcommands inherit the footer they find
}

}  // namespace srwm
