// Where datasets and other things that are fetched once are looked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace srwm {

/// `data_dir` (from --data-dir) if it is not empty, $SRWM_DATA if it is set, ./data: in this order.
std::vector<std::filesystem::path> data_folders(const std::string& data_dir);

/// The first of these that is there, as an absolute path; empty if none is.
std::string present_data_folder(const std::string& data_dir);

/// The path itself, a leading ~ replaced, if there is such a file; else a file of the same name in the data_folders,
/// where the data may have been moved; else the path itself.
std::filesystem::path find_moved(const std::string& as_written, const std::string& data_dir);

}  // namespace srwm
