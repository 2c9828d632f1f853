// What this process runs on and what it may use.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/host_name.h"  // IWYU pragma: export
#include "core/version.h"

namespace srwm {

/// Threads to use at most unless told otherwise: the CPUs in the affinity mask, at most the CPU quota of the cgroup
/// (whole CPUs, rounded up: half a CPU is worth a thread), at least one.
int default_threads();

/// CPU quota of the cgroup of this process (1.5: one and a half CPUs), the smallest along the way to the root, for
/// cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us); none if there is no limit. The arguments are for tests.
std::optional<double> cgroup_cpu_limit(const std::filesystem::path& proc_cgroup = "/proc/self/cgroup",
                                       const std::filesystem::path& mount = "/sys/fs/cgroup");

/// "Intel(R) Xeon(R) ...", or "unknown".
std::string cpu_model();

/// Every library the program is made of, with the version that is loaded now where the library can tell; OpenMP, which
/// has no other version, by the month of its specification.
std::vector<LibraryVersion> libraries();

}  // namespace srwm
