// What `srwm --version` prints.
#pragma once

#include <string>

namespace srwm {

/// Several lines: program, version, commit (with "+" if built from changed sources), build type, compiler, and every
/// library as in the results (run/host.h).
std::string version_text();

}  // namespace srwm
