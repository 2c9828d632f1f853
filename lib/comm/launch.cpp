#include "comm/launch.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace srwm {
namespace {

std::optional<int> number(const Environment& environment, const char* name) {
  const std::optional<std::string> text = environment(name);
  int value = 0;
  if (!text || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && end == text->data() + text->size() && value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<Launch> read(const Environment& environment, const char* rank_name, const char* ranks_name,
                           const char* launcher, MpiFamily family) {
  const std::optional<int> rank = number(environment, rank_name), ranks = number(environment, ranks_name);
  if (!rank || !ranks) return std::nullopt;
  return Launch{*rank, *ranks, launcher, family};
}

std::optional<Launch> first_that_fits(const Environment& environment) {
  if (auto launch =
          read(environment, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "mpirun of Open MPI", MpiFamily::openmpi)) {
    return launch;
  }
  // Before Slurm's: Hydra starts its own helpers with srun, one a node, and the ranks inherit the variables of those.
  if (auto launch = read(environment, "PMI_RANK", "PMI_SIZE", "mpiexec of MPICH", MpiFamily::mpich)) return launch;
  // A number: in a step, and not in the script of the job.
  if (!number(environment, "SLURM_STEP_ID")) return std::nullopt;
  const MpiFamily family = environment("PMIX_RANK") ? MpiFamily::openmpi : MpiFamily::mpich;
  return read(environment, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "srun of Slurm", family);
}

}  // namespace

const char* name_of(MpiFamily family) {
  return family == MpiFamily::openmpi ? "openmpi" : "mpich";
}

std::optional<std::string> environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<Launch> find_launch(const Environment& environment) {
  std::optional<Launch> launch = first_that_fits(environment);
  return launch && launch->ranks > 1 && launch->rank < launch->ranks ? launch : std::nullopt;
}

}  // namespace srwm
