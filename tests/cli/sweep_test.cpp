// srwm sweep --local and the signals that end it.
#include <chrono>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "run/checkpoint.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Contains;

namespace {

/// Waits, at most for a minute, until `holds` does.
template <typename Condition>
bool eventually(const Condition& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// A sweep whose first task trains for ever.
struct EndlessSweep {
  EndlessSweep() {
    write_small_spec(folder.path());
    write_text(folder / "sweep.json", R"({"name": "s", "base": "small.json", "fixed": {"train.steps": 1000000},
                                          "grid": {"seed": [1, 2]}})");
  }
  std::vector<std::string> arguments() const {
    return {"sweep", (folder / "sweep.json").string(), "--local", "--runs-dir", (folder / "runs").string()};
  }
  std::filesystem::path run() const { return folder / "runs/s-001-s1"; }

  TempDir folder;
};

}  // namespace

TEST_CASE_METHOD(EndlessSweep, "a signal that ends a sweep makes its tasks write checkpoints", "[cli]") {
  const int signal = GENERATE(SIGHUP, SIGTERM);
  Process sweep(srwm_binary(), arguments());
  REQUIRE(eventually([&] { return std::filesystem::exists(run() / "checkpoints/latest.h5"); }));
  sweep.send(signal);
  CHECK(sweep.wait().exit_code == 75);
  CHECK_THAT(read_file(run() / "output.txt"), Contains("Stopped by"));
}

TEST_CASE_METHOD(EndlessSweep, "where a sweep is killed its tasks write checkpoints and end", "[cli]") {
  Process sweep(srwm_binary(), arguments());
  REQUIRE(eventually([&] { return std::filesystem::exists(run() / "checkpoints/latest.h5"); }));
  sweep.send(SIGKILL);
  CHECK(sweep.wait().signal == SIGKILL);
  CHECK(eventually([&] { return read_file(run() / "output.txt").find("Stopped by SIGTERM") != std::string::npos; }));
  CHECK(load_checkpoint(run() / "checkpoints/latest.h5").progress.step > 0);
}

TEST_CASE("under nohup a run outlives its terminal, and still ends by other signals", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  std::vector<std::string> words{"-c", "trap '' HUP; exec \"$0\" \"$@\"", srwm_binary().string()};
  for (const std::string& word : train_arguments(folder.path(), "run", {"--set", "train.steps=1000000"})) {
    words.push_back(word);
  }
  Process run("/bin/sh", words);
  REQUIRE(eventually([&] { return std::filesystem::exists(folder / "run/checkpoints/latest.h5"); }));
  run.send(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(run.running());
  run.send(SIGTERM);
  CHECK(run.wait().exit_code == 75);
}
