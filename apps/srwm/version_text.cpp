#include "srwm/version_text.h"

#include <initializer_list>
#include <utility>

#include <CLI/Version.hpp>
#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <hdf5.h>
#include <nlohmann/json_fwd.hpp>
#include <png.h>
#include <spdlog/version.h>

#include "core/version.h"
#include "srwm/blas_version.h"

namespace srwm {
namespace {

std::string triple(unsigned major, unsigned minor, unsigned patch) {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

// "1.10.8", or "1.10.8 (compiled against 1.10.7)".
std::string loaded(const std::string& now, const std::string& compiled) {
  return now == compiled ? now : fmt::format("{} (compiled against {})", now, compiled);
}

std::string hdf5_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  if (H5get_libversion(&major, &minor, &patch) < 0) return "unknown";
  return loaded(triple(major, minor, patch), triple(H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE));
}

std::string fmt_version() {
  return triple(FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

std::string json_version() {
  return triple(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH);
}

std::string spdlog_version() {
  return triple(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
}

// The OpenMP specification the compiler follows, named by its month; it has no other version.
std::string openmp_version() {
  return fmt::format("{}", _OPENMP);
}

}  // namespace

std::string version_text() {
  const BuildInfo& build = build_info();
  const std::initializer_list<std::pair<const char*, std::string>> lines = {
      {"commit", build.commit + (build.dirty ? "+ (built from changed sources)" : "")},
      {"build type", build.build_type},
      {"compiler", build.compiler},
      {"glibc", gnu_get_libc_version()},
      {"OpenMP", openmp_version()},
      {"BLAS", blas_version()},
      {"HDF5", hdf5_version()},
      {"libpng", loaded(png_get_libpng_ver(nullptr), PNG_LIBPNG_VER_STRING)},
      {"fmt", fmt_version()},
      {"spdlog", spdlog_version()},
      {"CLI11", CLI11_VERSION},
      {"nlohmann/json", json_version()},
  };
  std::string text = fmt::format("srwm {}\n", build.version);
  for (const auto& [name, value] : lines) text += fmt::format("  {:<14} {}\n", name, value);
  return text;
}

}  // namespace srwm
