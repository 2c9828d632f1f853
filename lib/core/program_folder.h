// Where the shared libraries that belong to the program stand.
#pragma once

#include <filesystem>
#include <string>

namespace srwm {

/// The file beside the program or in lib/srwm of its installation; empty if it is in neither.
std::filesystem::path find_beside_program(const std::string& file_name);

}  // namespace srwm
