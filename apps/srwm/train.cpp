// srwm train, and srwm train-<task> for every task: from a spec to a run folder with a result.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "comm/thread_ranks.h"
#include "core/error.h"
#include "core/utf8.h"
#include "io/terminal.h"
#include "report/comparison_text.h"
#include "run/log.h"
#include "run/run_folder.h"
#include "run/side_by_side.h"
#include "run/signals.h"
#include "spec/parse.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "srwm/ranks_of_run.h"
#include "srwm/seeds.h"
#include "srwm/session.h"
#include "srwm/training_run.h"
#include "tasks/task_table.h"
#include "train/dry_run.h"
#include "train/result_text.h"
#include "train/trainer.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct Options : TrainingOptions {
  const TaskType* task = nullptr;  ///< the only one whose specs the command takes; null: any
  std::string seeds;
};

/// A run with the spec that it is of.
struct SpecRun : TrainingRun {
  std::unique_ptr<const AnySpec> spec;
  const TaskType* type = nullptr;
  bool chooses_threads = false;  ///< their number is found while it trains
};

std::string result_text(const SpecRun& run, const std::string& headline) {
  return fmt::format("{}\n{}\n", headline, printable(describe_result(*run.type, run.paths)));
}

void print_result(const SpecRun& run, const std::string& headline) {
  fmt::print("{}", result_text(run, headline));
}

std::unique_ptr<AnySpec> load(const Options& options, const std::optional<std::uint64_t>& seed) {
  std::unique_ptr<AnySpec> spec = load_any_spec(options.config, overrides_of(options, seed));
  if (options.task == nullptr || options.task->keys().task() == spec->task()) return spec;
  refuse_task(options.config, spec->task(), options.task->keys().task());
}

/// The run of one seed: of the spec's own if there is none.
SpecRun make_run(const Options& options, const std::optional<std::uint64_t>& seed) {
  std::unique_ptr<AnySpec> spec = load(options, seed);
  drop_figures_of_other_settings(options, *spec);
  std::string folder = options.run_dir;
  if (folder.empty()) {
    folder = default_run_folder(spec->name, spec->seed).string();
  } else if (!options.seeds.empty()) {
    folder += fmt::format("-s{}", spec->seed);
  }
  SpecRun run;
  run.spec_json = to_json(*spec);
  run.paths = {folder};
  run.resume = options.resume;
  run.init_from = options.init_from;
  run.data_dir = options.data_dir;
  run.type = &type_of(*spec);
  run.spec = std::move(spec);
  return run;
}

std::unique_ptr<Context> context_for(const AnySpec& spec, const DeviceOptions& device) {
  std::unique_ptr<Context> context = make_context(device, spec.seed);
  choose_precision(*context, spec.loop().precision);
  return context;
}

/// Before the work: an estimate is made only by tasks that can make one.
void check_memory(const SpecRun& run, const Context& context, const TaskData& data, std::int64_t runs) {
  if (run.type->check_memory != nullptr) run.type->check_memory(*run.spec, context, data, runs);
}

void train(const SpecRun& run, Context& context, const std::shared_ptr<const TaskData>& data, Logger& logger,
           StopRequest& stop, Ranks& ranks = no_other_ranks()) {
  const std::unique_ptr<Task> task = run.type->make(*run.spec, context, data, ranks);
  Trainer trainer(*run.spec, context, *task, data->digest(), run.paths, logger, stop, ranks);
  if (run.chooses_threads) trainer.choose_threads();
  if (ranks.is_first()) {
    train_in_folder(run, trainer, logger);
  } else {
    train_beside_folder(run, trainer);
  }
  ranks.barrier();  // nobody ends before the folder is complete
}

/// The text that rank 0 prints.
std::string dry_run(const Options& options, const SpecRun& run, const DeviceOptions& device, Ranks& ranks) {
  const std::unique_ptr<AnySpec> spec = run.type->for_dry_run(*run.spec);
  const std::unique_ptr<Context> context = context_for(*spec, device);
  const auto data = run.type->open_data(*spec, options.data_dir, context->threads());
  check_memory(run, *context, *data, 1);
  const std::unique_ptr<Task> task = run.type->make(*spec, *context, data, ranks);
  return describe_dry_run(*spec, *context, *task, ranks);
}

/// The device of each of `ranks` ranks that share the same processors.
DeviceOptions device_of_rank(const DeviceOptions& device, int ranks) {
  DeviceOptions each = device;
  each.threads = threads_of_rank(device, ranks);
  return each;
}

void print_dry_run(const Options& options, const SpecRun& run) {
  const DeviceOptions each = device_of_rank(options.device, options.ranks.count);
  run_thread_ranks(options.ranks.count, [&](Ranks& ranks) {
    const std::string text = dry_run(options, run, each, ranks);
    if (ranks.is_first()) fmt::print("{}", text);
  });
}

/// One rank, or several as threads of this process; --threads is for each of them.
void train_in_process(const Options& options, SpecRun& run, StopRequest& stop) {
  choose_instruction_set(run);
  run.has_checkpoint = run.paths.has_checkpoint();
  const DeviceOptions each = device_of_rank(options.device, options.ranks.count);
  const auto data = run.type->open_data(*run.spec, options.data_dir, thread_count(options.device));
  run_thread_ranks(options.ranks.count, [&](Ranks& ranks) {
    const std::unique_ptr<Context> context = context_for(*run.spec, each);
    if (ranks.is_first()) check_memory(run, *context, *data, ranks.size());
    Logger logger(/*quiet=*/!ranks.is_first());
    if (!ranks.is_first()) logger.share_terminal(fmt::format("rank {}", ranks.rank()));
    train(run, *context, data, logger, stop, ranks);
  });
  print_result(run, "Done:");
}

/// What rank 0 finds in the run folder, for all of them.
bool agree_that_complete(SpecRun& run, Ranks& ranks) {
  Bytes found(2);
  if (ranks.is_first()) found = {std::byte{run.resume && is_complete(run)}, std::byte{run.paths.has_checkpoint()}};
  ranks.broadcast(found);
  run.has_checkpoint = found[1] != std::byte{0};
  return found[0] != std::byte{0};
}

/// What a process does as a rank; returns what rank 0 prints after all are done.
std::string train_rank(const Options& options, ProcessRanks& ranks, Logger& logger, StopRequest& stop) {
  SpecRun run = make_run(options, options.seed);
  check_rank_count(*run.spec, ranks.size());
  const DeviceOptions device =
      device_of_rank(options.device, ranks_with_these_processors(ranks, options.device, logger));
  if (options.dry_run) return dry_run(options, run, device, ranks);
  if (agree_that_complete(run, ranks)) return ranks.is_first() ? result_text(run, "This run is complete:") : "";
  if (ranks.is_first()) choose_instruction_set(run);
  agree_on_instruction_set(ranks);
  const std::unique_ptr<Context> context = context_for(*run.spec, device);
  const auto data = run.type->open_data(*run.spec, options.data_dir, context->threads());
  check_same_run(ranks, run.spec_json, data->digest(), *context, logger);
  check_memory(run, *context, *data, ranks.ranks_on_host());
  train(run, *context, data, logger, stop, ranks);
  return ranks.is_first() ? result_text(run, "Done:") : "";
}

/// This process as one rank of several.
void train_as_process(const Options& options, const Launch& launch, StopRequest& stop) {
  Logger logger(/*quiet=*/launch.rank != 0);
  if (launch.rank != 0) logger.share_terminal(fmt::format("rank {}", launch.rank));
  std::string text;
  run_as_process(launch, options.ranks, logger, stop,
                 [&](ProcessRanks& ranks) { text = train_rank(options, ranks, logger, stop); });
  fmt::print("{}", text);
}

void train_one(const Options& options, StopRequest& stop) {
  if (const std::optional<Launch> launch = launch_of(options.ranks)) return train_as_process(options, *launch, stop);
  SpecRun run = make_run(options, options.seed);
  run.chooses_threads = options.device.threads == 0 && options.ranks.count == 1;
  check_rank_count(*run.spec, options.ranks.count);
  if (options.dry_run) return print_dry_run(options, run);
  if (options.resume && is_complete(run)) return print_result(run, "This run is complete:");
  train_in_process(options, run, stop);
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

/// The runs of several seeds together; nothing where they have neither tests nor validations.
void print_comparison(const std::vector<SpecRun>& runs) {
  if (runs.size() < 2) return;
  std::vector<std::filesystem::path> folders;
  for (const SpecRun& run : runs) folders.push_back(run.paths.root);
  try {
    fmt::print("\n{}", to_markdown(compare_runs(folders, {})));
  } catch (const UsageError&) {
    return;
  }
}

/// The seeds of a table row side by side, a folder each, the data shared.
void train_seeds(const Options& options, StopRequest& stop) {
  std::vector<SpecRun> runs;
  std::vector<const SpecRun*> open;
  for (const std::uint64_t seed : parse_seeds(options.seeds)) runs.push_back(make_run(options, seed));
  for (const SpecRun& run : runs) {
    if (!options.resume || !is_complete(run)) open.push_back(&run);
  }
  const auto train_open = [&](const DeviceOptions& device, const std::shared_ptr<const TaskData>& data,
                              const SpecRun& run) {
    const std::unique_ptr<Context> context = context_for(*run.spec, device);
    Logger logger;
    logger.share_terminal(fmt::format("seed {}", run.spec->seed));
    train(run, *context, data, logger, stop);
  };
  if (!open.empty()) {
    choose_instruction_set(*open.front());  // one for the process: the other runs say if theirs was another
    const Shares shares(options.device, open.size());
    const auto data =
        open.front()->type->open_data(*open.front()->spec, options.data_dir, thread_count(options.device));
    check_memory(*open.front(), *make_context(shares.each, 0), *data, static_cast<std::int64_t>(shares.at_once));
    run_side_by_side(
        open.size(), shares.at_once, [&](std::size_t i) { train_open(shares.each, data, *open[i]); },
        [&](std::size_t i, const char* message) {
          print_to_stderr(fmt::format("seed {}: error: {}\n", open[i]->spec->seed, printable(message)));
        });
  }
  for (const SpecRun& run : runs) print_result(run, fmt::format("Seed {}:", run.spec->seed));
  print_comparison(runs);
}

void execute(const Options& options) {
  if (!options.seeds.empty() && (options.ranks.count > 1 || launch_of(options.ranks))) {
    throw UsageError(
        "--seeds trains several runs, and ranks share one run. Start a command for each seed, or drop the ranks.");
  }
  StopRequest stop(options.max_seconds);
  options.seeds.empty() ? train_one(options, stop) : train_seeds(options, stop);
}

/// The command for specs of `task`, or of any where that is null.
void add_command(CLI::App& app, const std::string& name, const std::string& summary, const std::string& data,
                 const std::string& examples, const TaskType* task) {
  auto options = std::make_shared<Options>();
  options->task = task;
  CLI::App* command = app.add_subcommand(name, summary);
  add_training_options(*command, *options, data);
  command
      ->add_option("--seeds", options->seeds,
                   "Train several seeds side by side: 1,2,5 or 1-5; a folder each, DIR-s<seed>")
      ->type_name(takes::seeds)
      ->excludes("--seed")
      ->excludes("--dry-run")
      ->check(not_empty());
  command->footer(fmt::format(R"(Examples:{0}
  srwm {1} --config X.json --seeds 1-5                      the seeds of a table row in one process
  srwm {1} --config X.json --resume --max-seconds 3500     one line for a batch job that requeues itself

SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU and SIGPWR write a checkpoint and exit with 75,
unless they are ignored (nohup). A second SIGINT, SIGQUIT or SIGTERM ends the program at once.)",
                              examples, name));
  command->callback([options] { execute(*options); });
}

}  // namespace

void add_train_commands(CLI::App& app) {
  add_command(app, "train", "Train what a spec describes, then test it", "datasets and environments", R"(
  srwm train --config experiments/quickstart.json
  srwm train --config experiments/games_quickstart.json)",
              nullptr);
  for (const TaskType* type : all_tasks()) {
    add_command(app, fmt::format("train-{}", type->keys().task()), type->summary, type->data, type->examples, type);
  }
}

}  // namespace srwm
