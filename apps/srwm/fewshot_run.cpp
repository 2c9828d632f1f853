#include "srwm/fewshot_run.h"

#include <optional>

#include "core/error.h"
#include "fewshot/trainer.h"
#include "run/progress.h"
#include "spec/print.h"

namespace srwm {
namespace {

/// What is left after a file could not be written, and how to go on.
std::string way_on(const std::optional<std::int64_t>& saved_step) {
  if (!saved_step) return "No checkpoint had been written yet: once that is mended, start again with --resume.";
  return fmt::format(
      "The checkpoint of step {} is kept: once that is mended, the same command with --resume goes on from there.",
      format_count(*saved_step));
}

void train_in(const RunFolder& folder, const FewShotRun& run, FewShotTrainer& trainer, Logger& logger) {
  logger.add_file(folder.paths().log());
  if (!folder.locked()) {
    logger.warn("The file system of {} knows no locks: nothing keeps a second srwm out of this run folder.",
                folder.paths().root.string());
  }
  if (run.resume && folder.paths().has_checkpoint()) {
    trainer.resume();
  } else if (!run.init_from.empty()) {
    logger.info("Starting from the model in {}.", run.init_from);
  }
  folder.mark_unfinished();
  folder.write_spec(to_json(run.spec));
  trainer.run();
  folder.mark_done();
}

}  // namespace

bool is_complete(const FewShotRun& run) {
  return run.paths.is_done() && run.paths.read_spec() == to_json(run.spec);
}

void train(const FewShotRun& run, Context& context, const FewShotData& data, Logger& logger, StopRequest& stop) {
  // The model comes before the folder, so that a run that cannot begin leaves none behind.
  FewShotTrainer trainer(run.spec, context, data, run.paths, logger, stop);
  const bool goes_on = run.resume && run.paths.has_checkpoint();
  if (!goes_on && !run.init_from.empty()) trainer.start_from(run.init_from);
  const RunFolder folder = RunFolder::open(run.paths.root, run.resume);
  try {
    train_in(folder, run, trainer, logger);
  } catch (const WriteError& error) {
    throw WriteError("{} {}", error.what(), way_on(trainer.saved_step()));
  } catch (const Error& error) {
    logger.note("{}", error.what());
    throw;
  }
}

}  // namespace srwm
