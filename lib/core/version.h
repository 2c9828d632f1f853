// What this build is.
#pragma once

#include <string>

namespace srwm {

struct BuildInfo {
  std::string version;     ///< "0.1.0"
  std::string commit;      ///< twelve hex digits, or "unknown" outside a git checkout
  bool dirty;              ///< tracked files differed from the commit when this was built
  std::string build_type;  ///< "Release", ...
  std::string compiler;    ///< "GNU 12.2.0"
};

const BuildInfo& build_info();

/// "srwm 0.1.0 (0123456789ab)", what our files carry as `generator`; "+" after the commit if dirty.
std::string generator();

struct LibraryVersion {
  std::string name;
  std::string version;
};

/// "1.10.8", or "1.10.8 (compiled against 1.10.7)" where the library that is loaded is another than the headers'.
std::string loaded_version(const std::string& loaded, const std::string& compiled);

}  // namespace srwm
