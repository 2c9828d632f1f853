// srwm train-rl: from a spec to a run folder with an agent that plays.
#include <memory>
#include <string>

#include <fmt/core.h>

#include "core/utf8.h"
#include "env/env_library.h"
#include "rl/dry_run.h"
#include "rl/report.h"
#include "rl/trainer.h"
#include "run/signals.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/training_run.h"
#include "srwm/value_names.h"

namespace srwm {
namespace {

void print_result(const RunPaths& paths, const char* headline) {
  fmt::print("{}\n{}\n", headline, printable(describe_rl_result(paths)));
}

void execute(const TrainingOptions& options) {
  StopRequest stop(options.max_seconds);
  RlSpec spec = load_rl_spec(options.config, overrides_of(options, options.seed));
  drop_figures_of_other_settings(options, spec);
  const std::string folder =
      options.run_dir.empty() ? default_run_folder(spec.name, spec.seed).string() : options.run_dir;
  const TrainingRun run{to_json(spec), {folder}, options.resume, options.init_from, options.data_dir};
  if (options.resume && !options.dry_run && is_complete(run)) return print_result(run.paths, "This run is complete:");
  if (!options.dry_run) choose_instruction_set(run);
  const std::unique_ptr<Context> context = make_context(options.device, spec.seed);
  choose_precision(*context, spec.train.precision);
  const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(spec.env.library, options.data_dir);
  if (options.dry_run) {
    fmt::print("{}", describe_dry_run(spec, *context, library));
    return;
  }
  Logger logger;
  RlTrainer trainer(spec, *context, library, run.paths, logger, stop);
  train_in_folder(run, trainer, logger);
  print_result(run.paths, "Done:");
}

}  // namespace

void add_train_rl_command(CLI::App& app) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command = app.add_subcommand("train-rl", "Train an agent on games from a spec, then test it");
  add_training_options(*command, *options, takes::rl_setting, "procgen in it");
  command->footer(R"(Examples:
  srwm train-rl --config experiments/games_quickstart.json
  srwm train-rl --config X.json --set train.mode=overlapped --set env.threads=4 --run-dir runs/fast
  srwm train-rl --config X.json --resume --max-seconds 3500     one line for a batch job that requeues itself

SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU and SIGPWR write a checkpoint and exit with 75,
unless they are ignored (nohup). A second SIGINT, SIGQUIT or SIGTERM ends the program at once.
docs/environments.md describes the games, docs/internals/rl.md how playing and learning go together.)");
  command->callback([options] { execute(*options); });
}

}  // namespace srwm
