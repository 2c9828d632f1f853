#include "comm/mpi_library.h"

#include <array>

#include <dlfcn.h>
#include <fmt/core.h>

#include "core/error.h"
#include "core/program_folder.h"

namespace srwm {
namespace {

std::string file_name(MpiFamily family) {
  return fmt::format("libsrwm_mpi_{}.so", name_of(family));
}

std::string find_plugin(const Launch& launch) {
  const std::optional<std::string> named = environment_variable("SRWM_MPI");
  if (named && !named->empty()) return *named;
  const std::filesystem::path beside = find_beside_program(file_name(launch.family));
  if (!beside.empty()) return beside.string();
  throw DeviceError(
      "{} started {} ranks, but this srwm has no plug-in for its MPI: {} is not beside the program. Build srwm where "
      "mpicc.{} is, or name a plug-in in SRWM_MPI; --engine none makes each process a run of its own.",
      launch.launcher, launch.ranks, file_name(launch.family), name_of(launch.family));
}

}  // namespace

std::string MpiLibrary::version() const {
  std::array<char, 512> text{};
  table->library(text.data(), static_cast<int>(text.size()));
  std::string version = text.data();
  version = version.substr(0, version.find_first_of(",\n"));
  // MPICH says "MPICH Version:<tab>4.0.2".
  const std::size_t label = version.find(" Version:");
  if (label != std::string::npos) version.replace(label, version.find_first_not_of(" \t", label + 9) - label, " ");
  return version;
}

std::string MpiLibrary::error_text(int code) const {
  std::array<char, 512> text{};
  table->error_text(code, text.data(), static_cast<int>(text.size()));
  return text.data();
}

MpiLibrary load_mpi(const Launch& launch) {
  const std::string path = find_plugin(launch);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw DeviceError("{} cannot be loaded: {}. Name a plug-in of srwm for the MPI of {} in SRWM_MPI.", path, dlerror(),
                      launch.launcher);
  }
  using Table = const srwm_mpi* (*)();
  const auto table = reinterpret_cast<Table>(dlsym(library, "srwm_mpi_table"));
  if (table == nullptr || table()->interface_version != SRWM_MPI_INTERFACE) {
    throw DeviceError("{} is no plug-in of this version of srwm. Install srwm again, or correct SRWM_MPI.", path);
  }
  return {table(), path};
}

}  // namespace srwm
