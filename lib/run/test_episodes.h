// test_episodes.h5 of a run: how each episode of its test went, so that runs can be compared episode by episode.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "run/run_folder.h"

namespace srwm {

/// Writes the values, whole or not at all (docs/file_formats.md, "Test episodes").
void write_test_episodes(const RunPaths& paths, std::span<const float> values, const std::string& generator);

/// None if the run has no such file; DataError if it cannot be read.
std::optional<std::vector<double>> read_test_episodes(const RunPaths& paths);

}  // namespace srwm
