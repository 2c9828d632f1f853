// Files of ours to start from, and everybody who reads them.
#pragma once

#include <filesystem>

#include "fuzz/decisions.h"

namespace srwm::fuzz {

/// Writes a dataset, an episodes file or a checkpoint that is as it should be, but of any size.
void write_sound_file(const std::filesystem::path& path, Decisions& decisions);

/// Reads a file as a dataset, as episodes, as a checkpoint, to describe it and to draw its images; uses what is read.
/// Errors that a user may meet are fine; others pass through.
void read_in_every_way(const std::filesystem::path& path);

}  // namespace srwm::fuzz
