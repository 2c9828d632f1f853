#include "srwm/training_run.h"

#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "run/arithmetic.h"
#include "run/progress.h"
#include "spec/differences.h"
#include "tasks/task_table.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {

void add_training_options(CLI::App& command, TrainingOptions& options, const std::string& data) {
  takes_path(command.add_option("--config", options.config, "Experiment spec"), PathUse::input, takes::spec)
      ->required();
  command.add_option("--set", options.set, "Override a key of the spec: --set train.batch=32 (repeatable)")
      ->type_name(takes::setting)
      ->allow_extra_args(false);
  command.add_option("--seed", options.seed, "Override the spec's seed")->check(not_negative());
  add_device_options(command, options.device);
  takes_path(command.add_option("--data-dir", options.data_dir,
                                fmt::format("Folder with {}; else $SRWM_DATA, then ./data", data)),
             PathUse::input, takes::folder);
  takes_path(command.add_option("--run-dir", options.run_dir, "Run folder; default: runs/<name>-s<seed>"),
             PathUse::run_folder, takes::folder);
  takes_path(command.add_option("--init-from", options.init_from, "Start from the model in this checkpoint"),
             PathUse::input, takes::h5_file);
  command.add_flag("--resume", options.resume, "Go on from the run folder's checkpoint; start if there is none");
  command.add_flag("--dry-run", options.dry_run, "Build the model, run one batch, print sizes; write nothing");
  add_rank_options(command, options.ranks);
  command.add_option("--max-seconds", options.max_seconds, "Write a checkpoint and stop (exit 75) after this time")
      ->check(positive());
}

std::vector<std::string> overrides_of(const TrainingOptions& options, const std::optional<std::uint64_t>& seed) {
  std::vector<std::string> overrides = options.set;
  if (seed) overrides.push_back(fmt::format("seed={}", *seed));
  return overrides;
}

void drop_figures_of_other_settings(const TrainingOptions& options, AnySpec& spec) {
  const auto gives_figures = [](const std::string& setting) { return setting.starts_with("figures"); };
  if (options.set.empty() || std::ranges::any_of(options.set, gives_figures)) return;
  try {
    const std::unique_ptr<AnySpec> of_file = load_any_spec(options.config);
    of_file->name = spec.name;
    of_file->seed = spec.seed;
    if (of_file->task() == spec.task() && differences(*of_file, spec, without_influence).empty()) return;
  } catch (const SpecError&) {
    // The file is a spec only with what --set adds to it.
  }
  spec.figures = {};
}

bool is_complete(const TrainingRun& run) {
  if (!run.paths.is_done()) return false;
  const std::string stored = run.paths.read_spec();
  if (stored == run.spec_json) return true;
  const std::unique_ptr<AnySpec> there = parse_any_spec_text(stored, run.paths.spec().string()),
                                 here = parse_any_spec_text(run.spec_json, "the spec");
  return there->task() == here->task() && differences(*there, *here, {}).empty();  // but for where the data is
}

bool goes_on(const TrainingRun& run) {
  return run.resume && (run.has_checkpoint ? *run.has_checkpoint : run.paths.has_checkpoint());
}

void choose_instruction_set(const TrainingRun& run) {
  if (goes_on(run)) choose_instruction_set(run.paths.latest());
}

void open_log(const RunFolder& folder, Logger& logger) {
  logger.add_file(folder.paths().log());
  if (folder.locked()) return;
  logger.warn("The file system of {} knows no locks: nothing keeps a second srwm out of this run folder.",
              folder.paths().root.string());
}

std::string way_on(const std::optional<std::int64_t>& saved_step) {
  if (!saved_step) return "No checkpoint had been written yet: once that is mended, start again with --resume.";
  return fmt::format(
      "The checkpoint of step {} is kept: once that is mended, the same command with --resume goes on from there.",
      format_count(*saved_step));
}

}  // namespace srwm
