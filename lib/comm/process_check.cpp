#include "comm/process_check.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>

#include <fmt/core.h>
#include <unistd.h>

namespace srwm {
namespace {

/// The state in /proc/<pid>/stat: what follows the name, which stands in brackets and may have brackets itself.
char state_of(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const std::size_t bracket = line.rfind(')');
  return bracket == std::string::npos || bracket + 2 >= line.size() ? '?' : line[bracket + 2];
}

}  // namespace

std::string process_place() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::array<char, 128> space{};
  const ssize_t length = ::readlink("/proc/self/ns/pid", space.data(), space.size() - 1);
  return boot + (length > 0 ? std::string(space.data(), static_cast<std::size_t>(length)) : std::string());
}

bool is_gone(std::int64_t pid) {
  if (::kill(static_cast<pid_t>(pid), 0) != 0) return errno == ESRCH;
  const char state = state_of(pid);
  return state == 'Z' || state == 'X';
}

}  // namespace srwm
