// Where the system starts no thread, or none of the kind that the environment asks for.
#include <catch2/catch.hpp>

#include "cli/small_run.h"

using namespace srwm::test;
using Catch::Contains;

namespace {

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
constexpr bool sanitized = true;  // a sanitizer has threads and limits of its own
#else
constexpr bool sanitized = false;
#endif

void check_refused(const RunResult& result) {
  CAPTURE(result.err);
  CHECK(result.exit_code == 4);
  CHECK_THAT(result.err, Contains("srwm: The system does not start") && !Contains("libgomp"));
}

}  // namespace

TEST_CASE("without threads a command that needs some ends with 4 and a sentence", "[cli]") {
  if (sanitized || !can_run_without_threads()) return;
  const TempDir folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  write_small_spec(folder.path());
  const auto train_with = [&](const std::string& run, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"train-fewshot", "--config", (folder / "small.json").string(), "--run-dir",
                                       (folder / run).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_without_threads(arguments);
  };
  check_refused(train_with("a", {"--threads", "2"}));
  check_refused(train_with("b", {"--threads", "2", "--seeds", "1-2"}));
  CHECK(train_with("c", {"--threads", "1"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "b-s1/metrics.jsonl"));
  check_refused(run_without_threads({"bench", "--suite", "data", "--seconds", "0.1", "--threads", "2"}));
  const RunResult overlapped = run_without_threads({"env", "bench", "--threads", "1"});
  CHECK(overlapped.exit_code == 4);
}

TEST_CASE("variables of OpenMP, whose threads are not used, change nothing", "[cli]") {
  if (sanitized) return;
  const TempDir folder;
  write_small_spec(folder.path());
  const auto train_with = [&](const char* name, const char* value) {
    return run_srwm({"train-fewshot", "--config", (folder / "small.json").string(), "--run-dir",
                     (folder / name).string(), "--threads", "2", "--set", "train.steps=2"},
                    {.environment = {{name, value}}});
  };
  for (const auto& [name, value] :
       {std::pair{"OMP_STACKSIZE", "100000G"}, std::pair{"OMP_NUM_THREADS", "1000000"},
        std::pair{"OMP_THREAD_LIMIT", "1"}, std::pair{"GOMP_CPU_AFFINITY", "9999"}, std::pair{"OMP_PLACES", "{9999}"},
        std::pair{"OMP_PROC_BIND", "spread"}, std::pair{"OMP_MAX_ACTIVE_LEVELS", "0"}, std::pair{"OMP_DYNAMIC", "true"},
        std::pair{"OMP_SCHEDULE", "nothing"}}) {
    const RunResult result = train_with(name, value);
    CAPTURE(name, result.err);
    CHECK(result.exit_code == 0);
  }
}
