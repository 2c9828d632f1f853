// srwm env, as a user sees it.
#include <catch2/catch.hpp>

#include "cli/run_binary.h"

using namespace srwm::test;
using Catch::Contains;

TEST_CASE("srwm env list names games, actions and settings", "[cli]") {
  const RunResult result = run_srwm({"env", "list"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("signpost    easy      10.00        5.00"));
  CHECK_THAT(result.out, Contains("actions: stay, left, right, up, down"));
  CHECK_THAT(result.out, Contains("frame_size             Height and width of the frames: 16, 32, 64"));
}

TEST_CASE("srwm env watch writes a sheet or a folder of frames and tells of rewards", "[cli]") {
  const TempDir dir;
  const RunOptions here{.folder = dir.path()};
  const RunResult sheet = run_srwm({"env", "watch", "--game", "melody", "--steps", "61", "--actions", "stay"}, here);
  CHECK(sheet.exit_code == 0);
  CHECK(sheet.out == "step   60  stay       reward 0, end of the episode\n62 frames of 64x64 in frames.png\n");
  CHECK(std::filesystem::file_size(dir / "frames.png") > 1000);
  CHECK(run_srwm({"env", "watch", "--steps", "2", "--out", "frames", "--scale", "2"}, here).exit_code == 0);
  for (const char* name : {"00000.png", "00001.png", "00002.png"})
    CHECK(std::filesystem::exists(dir / "frames" / name));
}

TEST_CASE("srwm env bench measures several games in one vector", "[cli]") {
  const RunResult result = run_srwm({"env", "bench", "--game", "signpost,melody", "--envs", "8", "--seconds", "0.05",
                                     "--set", "frame_size=16", "--threads", "1"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("signpost,melody: ") &&
                             Contains(" steps/s, 8 environments of 16x16x3, threads: 1 and the caller's"));
}

TEST_CASE("srwm env check drives a library through its contract", "[cli]") {
  const RunResult good = run_srwm({"env", "check", "--library", SRWM_CORRIDOR, "--steps", "50"});
  INFO(good.err);
  CHECK(good.exit_code == 0);
  CHECK_THAT(good.out, Contains("ok       the same seed plays the same games\n") &&
                           Contains("skipped  threads change nothing: it takes no num_threads"));
  const RunResult games = run_srwm({"env", "check", "--game", "melody,signpost", "--steps", "120"});
  CHECK(games.exit_code == 0);
  CHECK_THAT(games.out, !Contains("FAILED") && Contains("ok       threads change nothing"));
  const RunResult bad = run_srwm({"env", "check", "--library", SRWM_BROKEN_CORRIDOR, "--steps", "50"});
  CHECK(bad.exit_code == 4);
  CHECK_THAT(bad.out, Contains("FAILED   the same seed plays the same games: After step "));
  CHECK_THAT(bad.err, Contains("broke 2 of its promises."));
}

TEST_CASE("an agent trains on the example of a game in C", "[cli]") {
  const TempDir dir;
  const RunResult result = run_srwm({"train-rl", "--config", SRWM_SOURCE_DIR "/examples/env/corridor.json", "--set",
                                     "env.library=" SRWM_CORRIDOR, "--set", "train.steps=1000", "--set",
                                     "test.episodes=10", "--threads", "1", "--run-dir", (dir / "run").string()});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(std::filesystem::exists(dir / "run/DONE"));
}
