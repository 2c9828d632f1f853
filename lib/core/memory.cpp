#include "core/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <new>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "core/cgroup.h"
#include "core/error.h"

namespace srwm {
namespace {

std::optional<double> number_in(const std::filesystem::path& file) {
  double number = 0;
  std::ifstream stream(file);
  return stream >> number ? std::optional(number) : std::nullopt;
}

/// The number after `name` in a file of lines "name number".
std::optional<double> number_after(const std::filesystem::path& file, std::string_view name) {
  std::ifstream stream(file);
  for (std::string word; stream >> word;) {
    double number = 0;
    if (word == name && stream >> number) return number;
    stream.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

/// What a cgroup's limit leaves: pages of files count as free, since the system takes them back.
std::optional<double> left_in(const std::optional<double>& limit, const std::optional<double>& used,
                              const std::filesystem::path& folder, const std::string& prefix) {
  constexpr double no_limit = 1e18;  // cgroup v1 says "none" so
  if (!limit || !used || *limit >= no_limit) return std::nullopt;
  double files = 0;
  for (const char* list : {"inactive_file", "active_file"}) {
    files += number_after(folder / "memory.stat", prefix + list).value_or(0);
  }
  return std::max(0.0, *limit - *used + files);
}

std::optional<double> left_v2(const std::filesystem::path& folder) {
  return left_in(number_in(folder / "memory.max"), number_in(folder / "memory.current"), folder, "");
}

std::optional<double> left_v1(const std::filesystem::path& folder) {
  return left_in(number_in(folder / "memory.limit_in_bytes"), number_in(folder / "memory.usage_in_bytes"), folder,
                 "total_");
}

std::optional<double> left_of_address_space(const std::filesystem::path& statm) {
  rlimit limit{};
  const std::optional<double> pages = number_in(statm);
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || !pages) return std::nullopt;
  return std::max(0.0, static_cast<double>(limit.rlim_cur) - *pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace

double available_memory(const MemoryFiles& files) {
  constexpr double kibibyte = 1024;
  double least = std::numeric_limits<double>::infinity();
  if (const std::optional<double> free = number_after(files.meminfo, "MemAvailable:")) {
    least = kibibyte * (*free + number_after(files.meminfo, "SwapFree:").value_or(0));
  }
  for (const std::optional<double>& left :
       {smallest_cgroup_limit("memory", left_v2, left_v1, files.cgroup, files.cgroup_mount),
        left_of_address_space(files.own)}) {
    if (left) least = std::min(least, *left);
  }
  return least;
}

void check_large_allocation(std::size_t bytes) {
  constexpr std::size_t large = std::size_t{256} << 20;
  if (bytes >= large && static_cast<double>(bytes) > available_memory()) throw std::bad_alloc();
}

void require_memory(double bytes, std::string_view what, std::string_view cure) {
  constexpr double mebibyte = 1 << 20;
  const double available = available_memory();
  if (bytes <= available) return;
  throw DeviceError("Out of memory: {:.0f} MiB for {} are more than the {:.0f} MiB that this process can use. {}",
                    bytes / mebibyte, what, available / mebibyte, cure);
}

}  // namespace srwm
