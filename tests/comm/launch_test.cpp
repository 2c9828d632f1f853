#include "comm/launch.h"

#include <map>

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "comm/process_check.h"

using namespace srwm;

namespace {

std::optional<Launch> launch_in(const std::map<std::string, std::string>& variables) {
  return find_launch([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

void check(const std::optional<Launch>& launch, int rank, int ranks, MpiFamily family) {
  REQUIRE(launch.has_value());
  CHECK(launch->rank == rank);
  CHECK(launch->ranks == ranks);
  CHECK(launch->family == family);
}

}  // namespace

TEST_CASE("launchers are told by their variables", "[comm]") {
  check(launch_in({{"OMPI_COMM_WORLD_RANK", "3"}, {"OMPI_COMM_WORLD_SIZE", "4"}}), 3, 4, MpiFamily::openmpi);
  check(launch_in({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}), 0, 2, MpiFamily::mpich);
  const std::map<std::string, std::string> step{
      {"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "5"}, {"SLURM_STEP_NUM_TASKS", "8"}};
  check(launch_in(step), 5, 8, MpiFamily::mpich);
  std::map<std::string, std::string> with_pmix = step;
  with_pmix["PMIX_RANK"] = "5";
  check(launch_in(with_pmix), 5, 8, MpiFamily::openmpi);
}

TEST_CASE("the ranks of mpirun in a job of Slurm are those of mpirun", "[comm]") {
  const std::map<std::string, std::string> step_of_helpers{
      {"SLURM_STEP_ID", "1"}, {"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}};
  std::map<std::string, std::string> openmpi = step_of_helpers, hydra = step_of_helpers;
  openmpi.insert({{"OMPI_COMM_WORLD_RANK", "6"}, {"OMPI_COMM_WORLD_SIZE", "16"}});
  hydra.insert({{"PMI_RANK", "6"}, {"PMI_SIZE", "16"}});
  check(launch_in(openmpi), 6, 16, MpiFamily::openmpi);
  check(launch_in(hydra), 6, 16, MpiFamily::mpich);
}

TEST_CASE("a process that is alone has no launch", "[comm]") {
  CHECK_FALSE(launch_in({}));
  CHECK_FALSE(launch_in({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "1"}}));
  CHECK_FALSE(launch_in({{"PMI_RANK", "0"}}));
  CHECK_FALSE(launch_in({{"PMI_RANK", "x"}, {"PMI_SIZE", "2"}}));
  CHECK_FALSE(launch_in({{"PMI_RANK", "2"}, {"PMI_SIZE", "2"}}));
  // The script of a job knows its tasks, but is none.
  CHECK_FALSE(launch_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}, {"SLURM_JOB_ID", "7"}}));
  CHECK_FALSE(launch_in({{"SLURM_STEP_ID", "batch"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "8"}}));
}

TEST_CASE("a dead process is gone, buried or not", "[comm]") {
  CHECK_FALSE(is_gone(::getpid()));
  CHECK_FALSE(process_place().empty());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  while (!is_gone(child)) ::usleep(1000);  // it stays a zombie
  ::waitpid(child, nullptr, 0);
  CHECK(is_gone(child));
}
