// Provokes every entry of the section "Environments" of docs/errors.md.
#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "env/procgen.h"
#include "env/vector_env.h"
#include "errors/errors_page.h"
#include "tasks/rl/library_limits.h"

using namespace srwm;
using namespace srwm::test;

namespace {

/// `srwm env watch` in a folder of its own, with these arguments.
RunResult watch(const TempDir& dir, const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"env", "watch", "--out", "x.png", "--steps", "3"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_srwm(all, {.folder = dir.path(), .environment = {{"SRWM_DATA", ""}}});
}

RunResult watch_fake(const TempDir& dir, const std::string& behaviour) {
  return watch(dir, {"--library", SRWM_FAKE_ENV, "--game", behaviour});
}

}  // namespace

TEST_CASE("errors about what is asked of environments are those of docs/errors.md", "[cli]") {
  const TempDir dir;
  ErrorSection section("Environments");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--game", "signpots"},
                                             {"--set", "frame_size=20"},
                                             {"--first-level", "5"},
                                             {"--levels", "2000000000", "--first-level", "2000000000"},
                                             {"--set", "frame_size"},
                                             {"--actions", "jump"},
                                             {"--library", "nothing.so"},
                                             {"--library", "procgen"},
                                             {"--library", dir.path().string()},
                                             {"--library", SRWM_LIBRARY_OF_OTHERS},
                                             {"--library", SRWM_FAKE_ENV_VERSION},
                                             {"--library", SRWM_FAKE_ENV_DESCRIPTION}}) {
    CAPTURE(arguments);
    section.saw(watch(dir, arguments));
  }
  section.saw(run_srwm({"env", "bench", "--game", "signpost,melody", "--envs", "3"}));
  section.saw(run_srwm({"env", "check", "--library", SRWM_BROKEN_CORRIDOR, "--steps", "20"}));
  for (const char* behaviour :
       {"nothing", "two frames", "flat frames", "float frames", "float action", "exit in make", "exit in act"}) {
    CAPTURE(behaviour);
    section.saw(watch_fake(dir, behaviour));
  }
  write_text(dir / "text.so", "not a library");
  section.saw(watch(dir, {"--library", "text.so"}));
  std::filesystem::copy_file(srwm_binary(), dir / "srwm");
  section.saw(run_program(dir / "srwm", {"env", "list"}));
  section.provoke([] { resolve_options(procgen_description(), {}, ""); });
  section.provoke([] {
    resolve_options(procgen_description(), {.games = {"ninja"}, .settings = {{"distribution_mode", "memory"}}}, "");
  });
  section.saw(watch(dir, {"--library", SRWM_FAKE_ENV, "--game", "works", "--levels", "3"}));
  const std::vector<std::string> bench{"env",    "bench", "--library", SRWM_FAKE_ENV,
                                       "--game", "works", "--seconds", "0.01"};
  std::vector<std::string> with_threads = bench;
  with_threads.insert(with_threads.end(), {"--threads", "1"});
  section.saw(run_srwm(with_threads));
  CHECK_THAT(run_srwm(bench).out, Catch::Contains("threads: 0 and the caller's"));  // as the advice says
  section.provoke([] {
    RlSpec spec;
    spec.env.levels = 10;
    check_effective_keys(spec, *EnvLibrary::open(SRWM_FAKE_ENV));
  });
  section.provoke([] {
    VectorEnv env(EnvLibrary::open(SRWM_FAKE_ENV), {.games = {"works"}});
    env.save_state(0);
  });
}

TEST_CASE("what a library says before it ends the process is not lost", "[cli]") {
  const TempDir dir;
  const RunResult result = watch_fake(dir, "exit in act");
  CHECK_THAT(result.err, Catch::Contains("fake: I do not like this (act)\nsrwm: The library "));
  CHECK_THAT(result.err, Catch::Contains("while stepping, with the options env_name=exit in act."));
  CHECK(result.exit_code == 4);
}
