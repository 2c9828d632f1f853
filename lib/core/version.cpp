#include "core/version.h"

#include <fmt/core.h>

#include "srwm_build_info.h"

namespace srwm {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GNU {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace

const BuildInfo& build_info() {
  static const BuildInfo info{SRWM_VERSION, SRWM_COMMIT, SRWM_DIRTY, SRWM_BUILD_TYPE, compiler()};
  return info;
}

std::string generator() {
  const BuildInfo& info = build_info();
  return fmt::format("srwm {} ({}{})", info.version, info.commit, info.dirty ? "+" : "");
}

std::string loaded_version(const std::string& loaded, const std::string& compiled) {
  return loaded == compiled ? loaded : fmt::format("{} (compiled against {})", loaded, compiled);
}

}  // namespace srwm
