#include "srwm/trained_model.h"

#include "core/error.h"
#include "io/file.h"
#include "io/file_use.h"
#include "run/run_folder.h"

namespace srwm {

std::filesystem::path checkpoint_path(const std::string& run, const std::string& checkpoint) {
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
