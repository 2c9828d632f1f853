// Options that take paths. Every one is declared through these: then ~ means what it means to a shell, and no output
// overwrites an input (io/file_use.h). tests/cli/path_options_test.cpp refuses options that are not.
#pragma once

#include <CLI/CLI.hpp>

namespace srwm {

/// What an option's path is to its command.
enum class PathUse {
  input,          ///< a file or folder that it reads
  output,         ///< a file that it writes
  output_folder,  ///< a folder that it writes files to
  pictures,       ///< FILE.png that it writes, or a folder for several
  run_folder,     ///< of a run that it trains: RunFolder looks after its files
};

/// `option` takes a path for that use; `type` (value_names.h) names it in the help. The empty text is refused.
CLI::Option* takes_path(CLI::Option* option, PathUse use, const char* type);

/// A name or a path, such as a dataset: a path is an input.
CLI::Option* takes_name_or_path(CLI::Option* option, const char* type);

/// Whether one of the two has been called for `option`.
bool is_path_option(const CLI::Option& option);

}  // namespace srwm
