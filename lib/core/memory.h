// How much memory this process can still have, so that what does not fit is refused before it is computed: Linux gives
// memory that it does not have, and ends the process later.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace srwm {

/// Where the system says how much memory there is; other places are for tests.
struct MemoryFiles {
  std::filesystem::path meminfo = "/proc/meminfo", own = "/proc/self/statm", cgroup = "/proc/self/cgroup",
                        cgroup_mount = "/sys/fs/cgroup";
};

/// Bytes that this process can still use: the least of what the machine has free (swap included), of what the memory
/// limits of its cgroups leave, and of what ulimit -v leaves. Infinite if the system says nothing.
double available_memory(const MemoryFiles& files = {});

/// std::bad_alloc for an allocation so large that it is worth asking, if it is more than available_memory().
void check_large_allocation(std::size_t bytes);

/// DeviceError if `what` ("the images of mine.h5") needs more than available_memory(); `cure` is a sentence.
void require_memory(double bytes, std::string_view what, std::string_view cure);

}  // namespace srwm
