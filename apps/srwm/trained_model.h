// Which model a command is to use, and where its data is.
#pragma once

#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

namespace srwm {

struct TrainedModelOptions {
  std::string run, checkpoint;

  bool none() const { return run.empty() && checkpoint.empty(); }
};

/// Declares --run and --checkpoint.
void add_trained_model_options(CLI::App& command, TrainedModelOptions& options);
/// Declares --data-dir, for data_dir_of.
void add_data_dir_of_run(CLI::App& command, std::string& data_dir);

/// --checkpoint or, of the run folder --run, its best model, else its latest. UsageError unless exactly one of them is
/// given; DataError if the run has no checkpoint.
std::filesystem::path checkpoint_path(const TrainedModelOptions& options);

/// --data-dir; without it the folder in which the run of the checkpoint found its datasets, which comes before
/// $SRWM_DATA and ./data: the digest says if what is there has changed.
std::string data_dir_of(const std::string& data_dir, const std::filesystem::path& checkpoint);

}  // namespace srwm
