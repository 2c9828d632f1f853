// The machine that this process runs on.
#pragma once

#include <string>

namespace srwm {

/// As the system calls it; "unknown" if it does not say.
std::string host_name();

}  // namespace srwm
