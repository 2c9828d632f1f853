// What all commands that train have in common: their options, and the life of a run in its folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/error.h"
#include "io/data_folders.h"
#include "run/log.h"
#include "run/run_folder.h"
#include "spec/spec.h"
#include "srwm/session.h"
#include "train/trainer.h"

namespace srwm {

struct TrainingOptions {
  std::string config;
  std::vector<std::string> set;
  std::optional<std::uint64_t> seed;
  DeviceOptions device;
  std::string data_dir, run_dir, init_from;
  bool resume = false, dry_run = false;
  std::optional<double> max_seconds;
  RankOptions ranks;
};

/// Declares them; `data` is what --data-dir has.
void add_training_options(CLI::App& command, TrainingOptions& options, const std::string& data);

/// What --set and --seed say, for load_spec.
std::vector<std::string> overrides_of(const TrainingOptions& options, const std::optional<std::uint64_t>& seed);

/// The figures of a spec are of its settings as the file has them: where --set changes what the result depends on, they
/// are left out, unless --set gives some.
void drop_figures_of_other_settings(const TrainingOptions& options, AnySpec& spec);

/// A run's place, and how it is to begin.
struct TrainingRun {
  std::string spec_json;  ///< resolved
  RunPaths paths;
  bool resume = false;
  std::string init_from;               ///< checkpoint whose model to start from; empty: none
  std::string data_dir;                ///< as --data-dir says
  std::optional<bool> has_checkpoint;  ///< whether rank 0 has found one in the folder; none: look for it
};

/// Whether the folder's run has ended as its spec asks for. One that ended with fewer steps goes on.
bool is_complete(const TrainingRun& run);

/// Whether there is a checkpoint to go on from.
bool goes_on(const TrainingRun& run);
/// Computes with the instruction set of the checkpoint to resume from (run/arithmetic.h). Call it before anything
/// computes.
void choose_instruction_set(const TrainingRun& run);
/// Opens the log, warns where nothing keeps a second process out.
void open_log(const RunFolder& folder, Logger& logger);
/// What is left after a file could not be written, and how to go on.
std::string way_on(const std::optional<std::int64_t>& saved_step);

/// What the other ranks do while rank 0 is in train_in_folder.
inline void train_beside_folder(const TrainingRun& run, Trainer& trainer) {
  if (!goes_on(run) && !run.init_from.empty()) trainer.start_from(run.init_from);
  if (goes_on(run)) trainer.resume();
  trainer.run();
}

/// Trains to the end and marks the folder done. `trainer` was made before the folder, so that a run that cannot begin
/// leaves none behind. Its errors leave here, as do those of RunFolder; a WriteError says how to continue.
inline void train_in_folder(const TrainingRun& run, Trainer& trainer, Logger& logger) {
  if (!goes_on(run) && !run.init_from.empty()) trainer.start_from(run.init_from);
  const RunFolder folder = RunFolder::open(run.paths.root, run.resume);
  try {
    open_log(folder, logger);
    if (goes_on(run)) {
      trainer.resume();
    } else if (!run.init_from.empty()) {
      logger.info("Starting from the model in {}.", run.init_from);
    }
    folder.mark_unfinished();
    folder.write_spec(run.spec_json);
    folder.write_data_dir(present_data_folder(run.data_dir));
    trainer.run();
    folder.mark_done();
  } catch (const WriteError& error) {
    const std::string message = fmt::format("{} {}", error.what(), way_on(trainer.saved_step()));
    logger.note_failure("{}", message);
    throw WriteError("{}", message);
  } catch (const StoppedError& stop) {
    logger.note("{}", stop.what());
    throw;
  } catch (const Error& error) {
    logger.note_failure("{}", error.what());
    throw;
  }
}

}  // namespace srwm
