#include "srwm/version_text.h"

#include <CLI/Version.hpp>
#include <fmt/core.h>

#include "core/version.h"
#include "run/host.h"

namespace srwm {
namespace {

std::string line(const std::string& name, const std::string& value) {
  return fmt::format("  {:<14} {}\n", name, value);
}

}  // namespace

std::string version_text() {
  const BuildInfo& build = build_info();
  std::string text = fmt::format("srwm {}\n", build.version);
  text += line("commit", build.commit + (build.dirty ? "+ (built from changed sources)" : ""));
  text += line("build type", build.build_type);
  text += line("compiler", build.compiler);
  for (const LibraryVersion& library : libraries()) text += line(library.name, library.version);
  return text + line("cli11", CLI11_VERSION);
}

}  // namespace srwm
