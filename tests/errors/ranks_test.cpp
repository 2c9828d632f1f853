// Provokes the entries of the section "Ranks" of docs/errors.md that a single process can have.
#include <map>

#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "comm/thread_ranks.h"
#include "core/error.h"
#include "errors/errors_page.h"
#include "ranks/rank_runs.h"

using namespace srwm;
using namespace srwm::test;

namespace {

/// A process that believes to be one of two of Open MPI's mpirun.
RunResult run_as_rank(const std::filesystem::path& folder, std::map<std::string, std::string> environment,
                      const std::vector<std::string>& more = {}) {
  environment["OMPI_COMM_WORLD_RANK"] = "0";
  environment["OMPI_COMM_WORLD_SIZE"] = "2";
  std::vector<std::string> options{"--set", "train.accumulate=2"};
  options.insert(options.end(), more.begin(), more.end());
  return run_program(srwm_binary(), train_arguments(folder, "run", options), {.environment = std::move(environment)});
}

RunResult run_with_fake_mpi(const std::filesystem::path& folder, const std::string& lack) {
  return run_as_rank(folder, {{"SRWM_MPI", SRWM_FAKE_MPI}, {"FAKE_MPI", lack}});
}

/// A program in a folder without plug-ins.
RunResult run_without_plugin(const std::filesystem::path& folder) {
  const std::filesystem::path copy = folder / "srwm";
  std::filesystem::copy_file(srwm_binary(), copy);
  return run_program(copy, train_arguments(folder, "run", {"--set", "train.accumulate=2"}),
                     {.environment = {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}}});
}

void provoke_different_models(const std::filesystem::path& folder) {
  train_on_ranks(*rank_cases().front().spec(), folder / "differ",
                 {.ranks = 2, .spoil = [](int rank, Task& task) {
                    if (rank == 1) task.parameters().parameters().front().value.data<float>()[0] = 0.25f;
                  }});
}

}  // namespace

TEST_CASE("every error of ranks on the page is the one that srwm gives", "[errors]") {
  TempDir folder;
  ErrorSection section("Ranks");
  write_small_spec(folder.path());
  section.saw(run_program(srwm_binary(), train_arguments(folder.path(), "run", {"--ranks", "3"})));
  section.saw(run_program(srwm_binary(), train_arguments(folder.path(), "run",
                                                         {"--ranks", "3", "--set", "train.gradient=evolution", "--set",
                                                          "train.population=2"})));
  section.saw(run_program(srwm_binary(), train_arguments(folder.path(), "run", {"--ranks", "2", "--seeds", "1-2"})));
  section.saw(run_program(srwm_binary(), train_arguments(folder.path(), "run", {"--engine", "mpi"})));
  section.saw(run_as_rank(folder.path(), {}, {"--ranks", "2"}));
  section.saw(run_as_rank(folder.path(), {{"SRWM_MPI", "/nowhere/libmpi.so"}}));
  section.saw(run_as_rank(folder.path(), {{"SRWM_MPI", SRWM_LIBRARY_OF_OTHERS}}));
  section.saw(run_without_plugin(folder.path()));
  for (const char* lack : {"version", "start", "ranks", "threads"}) {
    section.saw(run_with_fake_mpi(folder.path(), lack));
  }
  section.provoke([&] { provoke_different_models(folder.path()); });
  section.provoke([] {
    run_thread_ranks(2, [](Ranks& ranks) {
      if (ranks.is_first()) ranks.barrier();
    });
  });
  section.cannot_provoke("Rank <rank> has not answered within");  // takes two minutes
  // These take several processes with an MPI between them: tests/trust/ranks.py.
  section.cannot_provoke("Rank <rank> on <host> <what>; it was in");
  section.cannot_provoke("Rank <rank> on <host>: <its own error>");
  section.cannot_provoke("All ranks must be the same program");
  section.cannot_provoke("The spec of <rank>");
  section.cannot_provoke("The data of <rank>");
  section.cannot_provoke("Out of memory. Use fewer ranks");
}
