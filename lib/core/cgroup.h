// Limits of the cgroup of this process: a container's, or a batch job's.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace srwm {

/// How to read a limit in the folder of a cgroup; none where there is none.
using CgroupLimit = std::function<std::optional<double>(const std::filesystem::path& folder)>;

/// The smallest limit of this process's cgroup and of those above it, which bind it too, by `v2` in cgroup v2 and by
/// `v1` in the hierarchy of `controller` ("cpu", "memory") of cgroup v1. The last two arguments are for tests.
std::optional<double> smallest_cgroup_limit(const std::string& controller, const CgroupLimit& v2, const CgroupLimit& v1,
                                            const std::filesystem::path& proc_cgroup = "/proc/self/cgroup",
                                            const std::filesystem::path& mount = "/sys/fs/cgroup");

}  // namespace srwm
