// Whether a launcher has started this process as one of several ranks.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace srwm {

/// The kinds of MPI that differ in their binary interface; each has a plug-in (comm/mpi_plugin.h).
enum class MpiFamily { openmpi, mpich };
/// "openmpi", "mpich"
const char* name_of(MpiFamily family);

struct Launch {
  int rank = 0, ranks = 1;
  std::string launcher;  ///< "mpirun of Open MPI"
  MpiFamily family = MpiFamily::openmpi;
};

/// The value of an environment variable; none if it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
/// That of this process.
std::optional<std::string> environment_variable(const char* name);

/// What the variables of Open MPI, of MPICH's Hydra (also of Intel MPI and of Slurm's PMI-2) and of Slurm say; none
/// where they are not set, or say that there is one process. A script of sbatch, whose variables count the tasks of the
/// job, is no rank: only what runs in a step of it is.
std::optional<Launch> find_launch(const Environment& environment = environment_variable);

}  // namespace srwm
