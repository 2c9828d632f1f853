// Which model a command is to use, and where its data is.
#pragma once

#include <filesystem>
#include <string>

namespace srwm {

/// `checkpoint` (--checkpoint) or, of the run folder `run` (--run), its best model, else its latest. UsageError unless
/// exactly one of them is given; DataError if the run has no checkpoint.
std::filesystem::path checkpoint_path(const std::string& run, const std::string& checkpoint);

/// --data-dir; without it the folder in which the run of the checkpoint found its datasets, which comes before
/// $SRWM_DATA and ./data: the digest says if what is there has changed.
std::string data_dir_of(const std::string& data_dir, const std::filesystem::path& checkpoint);

}  // namespace srwm
