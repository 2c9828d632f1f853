// srwm train-fewshot: from a spec to a run folder with a result.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "core/utf8.h"
#include "fewshot/data.h"
#include "fewshot/dry_run.h"
#include "fewshot/memory_estimate.h"
#include "fewshot/report.h"
#include "fewshot/trainer.h"
#include "io/terminal.h"
#include "run/log.h"
#include "run/run_folder.h"
#include "run/side_by_side.h"
#include "run/signals.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/seeds.h"
#include "srwm/session.h"
#include "srwm/training_run.h"
#include "srwm/value_names.h"

namespace srwm {
namespace {

struct Options : TrainingOptions {
  std::string seeds;
};

struct FewShotRun : TrainingRun {
  ExperimentSpec spec;
};

void print_result(const RunPaths& paths, const char* headline) {
  fmt::print("{}\n{}\n", headline, printable(describe_result(paths)));
}

/// The run of one seed: of the spec's own if there is none.
FewShotRun make_run(const Options& options, const std::optional<std::uint64_t>& seed) {
  ExperimentSpec spec = load_spec(options.config, overrides_of(options, seed));
  drop_figures_of_other_settings(options, spec);
  std::string folder = options.run_dir;
  if (folder.empty()) {
    folder = default_run_folder(spec.name, spec.seed).string();
  } else if (!options.seeds.empty()) {
    folder += fmt::format("-s{}", spec.seed);
  }
  return {{to_json(spec), {folder}, options.resume, options.init_from, options.data_dir}, spec};
}

void train(const FewShotRun& run, Context& context, const FewShotData& data, Logger& logger, StopRequest& stop) {
  FewShotTrainer trainer(run.spec, context, data, run.paths, logger, stop);
  train_in_folder(run, trainer, logger);
}

void train_one(const Options& options, StopRequest& stop) {
  const FewShotRun run = make_run(options, options.seed);
  if (options.resume && !options.dry_run && is_complete(run)) {
    return print_result(run.paths, "This run is complete:");
  }
  if (!options.dry_run) choose_instruction_set(run);
  const std::unique_ptr<Context> context = make_context(options.device, run.spec.seed);
  choose_precision(*context, run.spec.train.precision);
  const FewShotData data(options.dry_run ? with_longest_episodes(run.spec) : run.spec, options.data_dir,
                         context->threads());
  check_memory(run.spec, *context, data);
  if (options.dry_run) {
    fmt::print("{}", describe_dry_run(run.spec, *context, data));
    return;
  }
  Logger logger;
  train(run, *context, data, logger, stop);
  print_result(run.paths, "Done:");
}

/// How runs share the machine: a GPU takes all of them at once, of a CPU's threads each needs one.
struct Shares {
  std::size_t at_once;
  DeviceOptions each;

  Shares(const DeviceOptions& device, std::size_t runs) : at_once(runs), each(device) {
    const auto threads = static_cast<std::size_t>(thread_count(device));
    if (chosen_device(device).kind == Device::Kind::cpu) at_once = std::min(runs, threads);
    each.threads = static_cast<int>(std::max<std::size_t>(1, threads / std::max<std::size_t>(1, at_once)));
  }
};

/// The seeds of a table row side by side, a folder each, the images shared.
void train_seeds(const Options& options, StopRequest& stop) {
  std::vector<FewShotRun> runs, open;
  for (const std::uint64_t seed : parse_seeds(options.seeds)) {
    runs.push_back(make_run(options, seed));
    if (!options.resume || !is_complete(runs.back())) open.push_back(runs.back());
  }
  const auto train_open = [&](const DeviceOptions& device, const FewShotData& data, const FewShotRun& run) {
    const std::unique_ptr<Context> context = make_context(device, run.spec.seed);
    choose_precision(*context, run.spec.train.precision);
    Logger logger;
    logger.share_terminal(fmt::format("seed {}", run.spec.seed));
    train(run, *context, data.with_seed(run.spec.seed), logger, stop);
  };
  if (!open.empty()) {
    choose_instruction_set(open.front());  // one for the process: the other runs say if theirs was another
    const Shares shares(options.device, open.size());
    const FewShotData data(open.front().spec, options.data_dir, thread_count(options.device));
    check_memory(open.front().spec, *make_context(shares.each, 0), data, static_cast<std::int64_t>(shares.at_once));
    run_side_by_side(
        open.size(), shares.at_once, [&](std::size_t i) { train_open(shares.each, data, open[i]); },
        [&](std::size_t i, const char* message) {
          print_to_stderr(fmt::format("seed {}: error: {}\n", open[i].spec.seed, printable(message)));
        });
  }
  for (const FewShotRun& run : runs) print_result(run.paths, fmt::format("Seed {}:", run.spec.seed).c_str());
}

void execute(const Options& options) {
  StopRequest stop(options.max_seconds);
  options.seeds.empty() ? train_one(options, stop) : train_seeds(options, stop);
}

}  // namespace

void add_train_fewshot_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("train-fewshot", "Meta-train a few-shot model from a spec, then test it");
  add_training_options(*command, *options, takes::setting, "the packed datasets");
  command
      ->add_option("--seeds", options->seeds,
                   "Train several seeds side by side: 1,2,5 or 1-5; a folder each, DIR-s<seed>")
      ->type_name(takes::seeds)
      ->excludes("--seed")
      ->excludes("--dry-run")
      ->check(not_empty());
  command->footer(R"(Examples:
  srwm train-fewshot --config experiments/quickstart.json
  srwm train-fewshot --config X.json --set train.batch=32 --set optim.rate=3e-4 --run-dir runs/small-batch
  srwm train-fewshot --config X.json --seeds 1-5                      the seeds of a table row in one process
  srwm train-fewshot --config X.json --resume --max-seconds 3500     one line for a batch job that requeues itself

SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU and SIGPWR write a checkpoint and exit with 75,
unless they are ignored (nohup). A second SIGINT, SIGQUIT or SIGTERM ends the program at once.)");
  command->callback([options] { execute(*options); });
}

}  // namespace srwm
