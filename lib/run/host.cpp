#include "run/host.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <nlohmann/json_fwd.hpp>
#include <spdlog/version.h>
#include <unistd.h>

#include "core/cgroup.h"
#include "core/threads.h"
#include "io/hdf5.h"
#include "io/png.h"
#include "ops/cpu/blas_version.h"

namespace srwm {
namespace {

namespace fs = std::filesystem;

std::optional<double> ratio(const std::string& quota, const std::string& period) {
  std::istringstream quota_text(quota), period_text(period);
  double quota_us = 0, period_us = 0;
  if (!(quota_text >> quota_us) || !(period_text >> period_us)) return std::nullopt;  // "max"
  if (quota_us <= 0 || period_us <= 0) return std::nullopt;                           // -1: no limit
  return quota_us / period_us;
}

std::string first_word(const fs::path& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

/// cgroup v2: "max 100000" or "150000 100000".
std::optional<double> limit_v2(const fs::path& folder) {
  std::string quota, period;
  std::ifstream(folder / "cpu.max") >> quota >> period;
  return ratio(quota, period);
}

std::optional<double> limit_v1(const fs::path& folder) {
  return ratio(first_word(folder / "cpu.cfs_quota_us"), first_word(folder / "cpu.cfs_period_us"));
}

}  // namespace

int default_threads() {
  const int cpus = usable_processors();
  const std::optional<double> limit = cgroup_cpu_limit();
  const int quota = limit ? static_cast<int>(std::min(std::ceil(*limit), 1e6)) : cpus;
  return std::max(1, std::min(cpus, quota));
}

std::optional<double> cgroup_cpu_limit(const fs::path& proc_cgroup, const fs::path& mount) {
  return smallest_cgroup_limit("cpu", limit_v2, limit_v1, proc_cgroup, mount);
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t value = line.find_first_not_of(" \t", line.find(':') + 1);
    return value == std::string::npos ? "unknown" : line.substr(value);
  }
  return "unknown";
}

std::vector<LibraryVersion> libraries() {
  return {
      {"glibc", ::gnu_get_libc_version()},
      {"openmp", fmt::format("{}", _OPENMP)},
      {"blas", cpu::blas_version()},
      {"hdf5", hdf5::library_version()},
      {"libpng", png_library_version()},
      {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
      {"nlohmann_json",
       fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
  };
}

}  // namespace srwm
