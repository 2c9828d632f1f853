// A spec that trains in a second, for tests of the binary.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/run_binary.h"
#include "support/run_files.h"

namespace srwm::test {

/// Writes a small spec to folder/small.json and returns its path. `extra` is spliced in as further top-level keys:
/// "\"seed\": 2".
std::filesystem::path write_small_spec(const std::filesystem::path& folder, const std::string& extra = "");

/// The arguments of train-fewshot on that spec, in folder/<run>.
std::vector<std::string> train_arguments(const std::filesystem::path& folder, const std::string& run,
                                         const std::vector<std::string>& more = {});

RunResult train(const std::filesystem::path& folder, const std::string& run, const std::vector<std::string>& more = {});

void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace srwm::test
