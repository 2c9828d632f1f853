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
