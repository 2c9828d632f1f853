// Where the shared libraries of the program are.
#pragma once

#include <filesystem>
#include <string>

namespace srwm {

/// The file next to the program or in lib/srwm of its installation; empty if it is in neither.
std::filesystem::path find_beside_program(const std::string& file_name);

}  // namespace srwm
