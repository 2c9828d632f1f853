// srwm train-fewshot: from a spec to a run folder with a result.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "fewshot/data.h"
#include "fewshot/dry_run.h"
#include "fewshot/report.h"
#include "fewshot/trainer.h"
#include "run/log.h"
#include "run/run_folder.h"
#include "run/signals.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/session.h"
#include "srwm/value_names.h"

namespace srwm {
namespace {

struct Options {
  std::string config;
  std::vector<std::string> set;
  std::optional<std::uint64_t> seed;
  DeviceOptions device;
  std::string data_dir, run_dir, init_from;
  bool resume = false, dry_run = false;
  std::optional<double> max_seconds;
};

ExperimentSpec load(const Options& options) {
  std::vector<std::string> overrides = options.set;
  if (options.seed) overrides.push_back(fmt::format("seed={}", *options.seed));
  return load_spec(options.config, overrides);
}

/// Whether the folder's run has ended as this spec asks for. One that ended with fewer steps goes on.
bool is_complete(const RunPaths& paths, const ExperimentSpec& spec) {
  return paths.is_done() && paths.read_spec() == to_json(spec);
}

void print_result(const RunPaths& paths, const char* headline) {
  fmt::print("{}\n{}\n", headline, describe_result(paths));
}

void train(const Options& options, const ExperimentSpec& spec, Context& context, const FewShotData& data,
           const RunFolder& folder, StopRequest& stop) {
  Logger logger;
  logger.add_file(folder.paths().log());
  if (!folder.locked()) {
    logger.warn("The file system of {} knows no locks: nothing keeps a second srwm out of this run folder.",
                folder.paths().root.string());
  }
  FewShotTrainer trainer(spec, context, data, folder.paths(), logger, stop);
  if (options.resume && folder.paths().has_checkpoint()) {
    trainer.resume();
  } else if (!options.init_from.empty()) {
    trainer.start_from(options.init_from);
  }
  folder.mark_unfinished();
  folder.write_spec(to_json(spec));
  trainer.run();
  folder.mark_done();
}

void execute(const Options& options) {
  StopRequest stop(options.max_seconds);
  const ExperimentSpec spec = load(options);
  const RunPaths paths{options.run_dir.empty() ? default_run_folder(spec.name, spec.seed)
                                               : std::filesystem::path(options.run_dir)};
  if (options.resume && !options.dry_run && is_complete(paths, spec)) {
    return print_result(paths, "This run is complete:");
  }
  // Device and data come before the folder, so that a run that cannot begin leaves none behind.
  const std::unique_ptr<Context> context = make_context(options.device, spec.seed);
  choose_precision(*context, spec.train.precision);
  const FewShotData data(spec, options.data_dir, context->threads());
  if (options.dry_run) {
    fmt::print("{}", describe_dry_run(spec, *context, data));
    return;
  }
  const RunFolder folder = RunFolder::open(paths.root, options.resume);
  train(options, spec, *context, data, folder, stop);
  print_result(paths, "Done:");
}

}  // namespace

void add_train_fewshot_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("train-fewshot", "Meta-train a few-shot model from a spec, then test it");
  command->add_option("--config", options->config, "Experiment spec")
      ->type_name(takes::spec)
      ->required()
      ->check(not_empty());
  command->add_option("--set", options->set, "Override a key of the spec: --set train.batch=32 (repeatable)")
      ->type_name(takes::setting)
      ->allow_extra_args(false);
  command->add_option("--seed", options->seed, "Override the spec's seed")->check(not_negative());
  add_device_options(*command, options->device);
  command->add_option("--data-dir", options->data_dir, "Folder with the packed datasets; else $SRWM_DATA, then ./data")
      ->type_name(takes::folder)
      ->check(not_empty());
  command->add_option("--run-dir", options->run_dir, "Run folder; default: runs/<name>-s<seed>")
      ->type_name(takes::folder)
      ->check(not_empty());
  command->add_option("--init-from", options->init_from, "Start from the model in this checkpoint")
      ->type_name(takes::h5_file)
      ->check(not_empty());
  command->add_flag("--resume", options->resume, "Go on from the run folder's checkpoint; start if there is none");
  command->add_flag("--dry-run", options->dry_run, "Build the model, run one batch, print sizes; write nothing");
  command->add_option("--max-seconds", options->max_seconds, "Write a checkpoint and stop (exit 75) after this time")
      ->check(positive());
  command->footer(R"(Examples:
  srwm train-fewshot --config experiments/quickstart.json
  srwm train-fewshot --config X.json --set train.batch=32 --set optim.rate=3e-4 --run-dir runs/small-batch
  srwm train-fewshot --config X.json --resume --max-seconds 3500     one line for a batch job that requeues itself

SIGINT, SIGTERM, SIGUSR1 and SIGUSR2 write a checkpoint and exit with 75; a second one ends at once.)");
  command->callback([options] { execute(*options); });
}

}  // namespace srwm
