// Whether another process of this machine is there.
#pragma once

#include <cstdint>
#include <string>

namespace srwm {

/// What process numbers of this process count in: machine, boot and PID namespace. Processes of the same place can look
/// after each other.
std::string process_place();

/// Whether the process is gone, or dead and not yet buried.
bool is_gone(std::int64_t pid);

}  // namespace srwm
