#include "io/shell_path.h"

#include <cstdlib>
#include <vector>

#include <pwd.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"

namespace srwm {
namespace {

/// The home folder in the user database; empty if there is none. `find` is getpwnam_r or getpwuid_r.
template <typename Find>
std::string home_in_database(const Find& find) {
  passwd entry{}, *found = nullptr;
  std::vector<char> buffer(1 << 16);
  if (find(&entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr || found->pw_dir == nullptr)
    return {};
  return found->pw_dir;
}

std::string own_home() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return home;
  return home_in_database([](auto... rest) { return ::getpwuid_r(::getuid(), rest...); });
}

}  // namespace

std::string expand_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const std::string first = path.substr(0, path.find('/')), user = first.substr(1);
  if (is_there(first)) return path;
  const std::string home =
      user.empty() ? own_home() : home_in_database([&](auto... rest) { return ::getpwnam_r(user.c_str(), rest...); });
  if (home.empty()) {
    throw UsageError("Cannot expand {}: {}. Write the folder in full, or ./{} if that is its name.", first,
                     user.empty() ? "$HOME is not set" : fmt::format("there is no user '{}'", user), path);
  }
  return home + path.substr(first.size());
}

}  // namespace srwm
