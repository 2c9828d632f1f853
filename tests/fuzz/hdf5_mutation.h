// Changes sound files of ours into HDF5 files that are still HDF5 but not what they should be: other types and shapes,
// claims of huge arrays, missing and surplus objects, hostile attributes, links that lead nowhere or in circles.
#pragma once

#include <filesystem>

#include "fuzz/decisions.h"

namespace srwm::fuzz {

/// Makes changes until the decisions are used up, at most eight; then, perhaps, cuts the file off.
void mutate_hdf5(const std::filesystem::path& path, Decisions& decisions);

}  // namespace srwm::fuzz
