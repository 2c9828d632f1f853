#include "srwm/trained_model.h"

#include "core/error.h"
#include "io/file.h"
#include "io/file_use.h"
#include "run/run_folder.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {

void add_trained_model_options(CLI::App& command, TrainedModelOptions& options) {
  takes_path(command.add_option("--run", options.run, "Run folder; takes its best model, or else the latest"),
             PathUse::input, takes::folder);
  takes_path(command.add_option("--checkpoint", options.checkpoint, "Checkpoint file"), PathUse::input, takes::h5_file);
}

void add_data_dir_of_run(CLI::App& command, std::string& data_dir) {
  takes_path(command.add_option("--data-dir", data_dir,
                                "Folder with the packed datasets; else that of the run, $SRWM_DATA, ./data"),
             PathUse::input, takes::folder);
}

std::filesystem::path checkpoint_path(const TrainedModelOptions& options) {
  const auto& [run, checkpoint] = options;
  if (run.empty() == checkpoint.empty()) {
    throw UsageError("Give either --run DIR (its best model) or --checkpoint FILE.");
  }
  if (!checkpoint.empty()) return checkpoint;
  const RunPaths paths{run};
  for (const auto& path : paths.existing()) note_input(path);  // an output could destroy one of them
  for (const auto& path : {paths.best(), paths.latest()}) {
    if (is_there(path)) return path;
  }
  throw DataError("{} has no checkpoint: neither {} nor {} exists. Is it the folder of a run?", run,
                  paths.best().string(), paths.latest().string());
}

std::string data_dir_of(const std::string& data_dir, const std::filesystem::path& checkpoint) {
  if (!data_dir.empty()) return data_dir;
  return RunPaths{std::filesystem::absolute(checkpoint).parent_path().parent_path()}.read_data_dir();
}

}  // namespace srwm
