// Loading a plug-in for MPI.
#pragma once

#include <string>

#include "comm/launch.h"
#include "comm/mpi_plugin.h"

namespace srwm {

struct MpiLibrary {
  const srwm_mpi* table = nullptr;
  std::string path;

  /// "Open MPI v4.1.4"
  std::string version() const;
  /// What a code of the table's functions means.
  std::string error_text(int code) const;
};

/// The plug-in that SRWM_MPI names, else the one beside the program for the launcher's family. DeviceError that says
/// what to do if there is none, or none that can be loaded.
MpiLibrary load_mpi(const Launch& launch);

}  // namespace srwm
