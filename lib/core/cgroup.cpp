#include "core/cgroup.h"

#include <algorithm>
#include <fstream>

namespace srwm {
namespace {

namespace fs = std::filesystem;

/// Smallest limit of `top`/`inside` and the folders above it down to `top`: a parent's limit binds its children. In a
/// container the path of the cgroup may not be mounted; then the mount point itself is the container's cgroup.
std::optional<double> smallest_limit(const fs::path& top, const fs::path& inside, const CgroupLimit& limit) {
  std::optional<double> smallest = limit(top);
  fs::path folder = top;
  for (const fs::path& part : inside.relative_path()) {
    folder /= part;
    const std::optional<double> here = limit(folder);
    if (here) smallest = std::min(smallest.value_or(*here), *here);
  }
  return smallest;
}

}  // namespace

std::optional<double> smallest_cgroup_limit(const std::string& controller, const CgroupLimit& v2, const CgroupLimit& v1,
                                            const fs::path& proc_cgroup, const fs::path& mount) {
  std::optional<double> smallest;
  std::ifstream list(proc_cgroup);
  for (std::string line; std::getline(list, line);) {  // "0::/user.slice" (v2) or "4:cpu,cpuacct:/docker/ab" (v1)
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    const bool is_listed = ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
    std::optional<double> limit;
    if (controllers.empty()) limit = smallest_limit(mount, path, v2);
    if (is_listed) limit = smallest_limit(mount / controllers, path, v1);
    if (limit) smallest = std::min(smallest.value_or(*limit), *limit);
  }
  return smallest;
}

}  // namespace srwm
