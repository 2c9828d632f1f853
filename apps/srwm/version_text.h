// What `srwm --version` prints.
#pragma once

#include <string>

namespace srwm {

/// Several lines: program, version, commit (with "+" if built from changed sources), compiler, build type, and every
/// library with the version it was compiled against and, where the library can tell, the one that is loaded now.
std::string version_text();

}  // namespace srwm
