// Training with the binary: whole runs, stops, resumes. Kills and faults: tests/trust.
#include <algorithm>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "run/checkpoint.h"

using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Steps enough for a signal to find the run in the middle of training.
const std::vector<std::string> endless{"--set", "train.steps=10000000"};

void check_same(const std::filesystem::path& a, const std::filesystem::path& b) {
  CHECK(read_file(a / "checkpoints/latest.h5") == read_file(b / "checkpoints/latest.h5"));
  CHECK(read_file(a / "checkpoints/best.h5") == read_file(b / "checkpoints/best.h5"));
  CHECK(metrics_of(a) == metrics_of(b));
}

/// Waits until the run has written its first checkpoint.
bool has_started(const std::filesystem::path& run) {
  for (int i = 0; i < 6000; ++i) {
    if (std::filesystem::exists(run / "checkpoints/latest.h5")) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace

TEST_CASE("a run writes its folder and prints its result", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  RunResult result = train(folder.path(), "run");
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("test") && Contains("95 % interval over 20 episodes") && Contains("result.json"));
  for (const char* file : {"spec.json", "metrics.jsonl", "events.out.tfevents.srwm", "log.txt", "result.json", "DONE",
                           "checkpoints/latest.h5", "checkpoints/best.h5"}) {
    INFO(file);
    CHECK(std::filesystem::exists(folder.path() / "run" / file));
  }
  CHECK_THAT(read_file(folder.path() / "run/result.json"),
             Contains("\"accuracy\"") && Contains("\"commit\"") && Contains("\"data_digest\""));

  result = train(folder.path(), "run");
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("finished run") && Contains("--run-dir"));
  result = train(folder.path(), "run", {"--resume"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("complete") && Contains("95 % interval"));
}

TEST_CASE("training ends early after validations that are no better", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  // A rate that changes nothing: the first validation, after 10 steps, remains the best.
  const std::vector<std::string> standstill{"--set", "optim.rate=1e-37", "--set", "validation.patience=2",
                                            "--set", "train.steps=1000", "--set", "checkpoint.every=1000"};
  RunResult result = train(folder.path(), "run", standstill);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.err, Contains("No better validation since step 10: training ends."));
  CHECK_THAT(result.out, Contains("30 steps in"));
  const auto run = folder.path() / "run";
  const std::string checkpoint = read_file(run / "checkpoints/latest.h5"), metrics = metrics_of(run);
  CHECK(srwm::load_checkpoint(run / "checkpoints/latest.h5").progress.step == 30);
  // Killed before its test, it ends at the same step.
  for (const char* file : {"DONE", "result.json"}) std::filesystem::remove(run / file);
  std::vector<std::string> resumed = standstill;
  resumed.push_back("--resume");
  result = train(folder.path(), "run", resumed);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("30 steps in"));
  CHECK(read_file(run / "checkpoints/latest.h5") == checkpoint);
  CHECK(metrics_of(run) == metrics);
  CHECK_THAT(train(folder.path(), "run", resumed).out, Contains("This run is complete"));
  CHECK_THAT(train(folder.path(), "patient", {"--set", "optim.rate=1e-37", "--set", "validation.patience=3"}).out,
             Contains("30 steps in"));
}

TEST_CASE("signals write a checkpoint and end with 75", "[cli]") {
  const int signal = GENERATE(SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU);
  CAPTURE(signal);
  TempDir folder;
  write_small_spec(folder.path());
  Process process(srwm_binary(), train_arguments(folder.path(), "run", endless));
  REQUIRE(has_started(folder.path() / "run"));
  process.send(signal);
  const RunResult stopped = process.wait();
  CHECK(stopped.exit_code == 75);
  CHECK_THAT(stopped.err, Contains("--resume"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run/DONE"));
}

TEST_CASE("--max-seconds stops by itself, and --resume starts what has not begun", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  RunResult result = train(folder.path(), "run", {"--max-seconds", "0.0001", "--resume"});
  CHECK(result.exit_code == 75);
  CHECK_THAT(result.err, Contains("--max-seconds"));
  CHECK(train(folder.path(), "run", {"--resume"}).exit_code == 0);
  CHECK(train(folder.path(), "whole").exit_code == 0);
  check_same(folder.path() / "run", folder.path() / "whole");
}

TEST_CASE("a result is the recipe of its run, to the last bit, whatever the seed", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "a", {"--seed", "9007199254740993", "--set", "train.steps=4"}).exit_code == 0);
  const std::string result = (folder / "a/result.json").string(), again = (folder / "b").string();
  REQUIRE(run_srwm({"train-fewshot", "--config", result, "--run-dir", again, "--threads", "1"}).exit_code == 0);
  check_same(folder / "a", folder / "b");
  CHECK_THAT(read_file(result), Contains("\"seed\": \"9007199254740993\""));
  CHECK_THAT(run_srwm({"config", "check", result}).out, Contains("valid"));
}

TEST_CASE("what is left of an interval is reported at the end", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "short", {"--set", "train.steps=5", "--set", "train.report_every=100"}).exit_code == 0);
  CHECK_THAT(read_file(folder.path() / "short/metrics.jsonl"), Contains(R"({"step":5,"kind":"train","loss":)"));
}

TEST_CASE("a finished run goes on to more steps, with the bits of a run that had them from the start", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run").exit_code == 0);
  REQUIRE(train(folder.path(), "run", {"--resume", "--set", "train.steps=40"}).exit_code == 0);
  REQUIRE(train(folder.path(), "whole", {"--set", "train.steps=40"}).exit_code == 0);
  check_same(folder.path() / "run", folder.path() / "whole");
  CHECK(train(folder.path(), "run", {"--resume"}).exit_code == 2);  // fewer steps than it has
}

TEST_CASE("episodes from a file train as the same episodes drawn", "[cli]") {
  TempDir folder;
  const std::string glyphs = (folder.path() / "glyphs.h5").string(), stored = (folder.path() / "stored.h5").string();
  REQUIRE(run_srwm({"data", "glyphs", "--out", glyphs, "--train-classes", "12", "--val-classes", "5", "--test-classes",
                    "5", "--images", "4"})
              .exit_code == 0);
  REQUIRE(run_srwm({"data", "episodes", "--dataset", glyphs, "--split", "train", "--n-way", "3", "--episodes", "60",
                    "--seed", "1", "--out", stored})
              .exit_code == 0);
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "drawn", {"--seed", "1"}).exit_code == 0);
  REQUIRE(train(folder.path(), "stored", {"--seed", "1", "--set", "data.train_episodes=" + stored}).exit_code == 0);
  CHECK(metrics_of(folder.path() / "drawn") == metrics_of(folder.path() / "stored"));
}

TEST_CASE("a second process on a run folder is refused", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  Process first(srwm_binary(), train_arguments(folder.path(), "run", endless));
  REQUIRE(has_started(folder.path() / "run"));
  std::vector<std::string> more = endless;
  more.push_back("--resume");
  const RunResult second = train(folder.path(), "run", more);
  CHECK(second.exit_code == 2);
  first.send(SIGTERM);
  CHECK(first.wait().exit_code == 75);
}

TEST_CASE("a run is not resumed from a broken checkpoint or with another spec", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  CHECK(train(folder.path(), "run", {"--set", "train.steps=4"}).exit_code == 0);
  std::filesystem::remove(folder.path() / "run/DONE");
  RunResult result = train(folder.path(), "run", {"--resume", "--set", "optim.rate=0.3"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("optim.rate"));
  const auto latest = folder.path() / "run/checkpoints/latest.h5";
  std::filesystem::resize_file(latest, std::filesystem::file_size(latest) / 2);
  result = train(folder.path(), "run", {"--resume"});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("latest.h5"));
}

TEST_CASE("numbers that blow up end with 5 and keep the checkpoint", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run", {"--set", "train.steps=4"}).exit_code == 0);
  std::filesystem::remove(folder.path() / "run/DONE");
  const auto latest = folder.path() / "run/checkpoints/latest.h5";
  srwm::Checkpoint checkpoint = srwm::load_checkpoint(latest);
  for (auto& [name, tensor] : checkpoint.model) {
    if (name == "layers.0.W_k") std::ranges::fill(tensor.span<float>(), 3e38f);  // finite, but no product of it is
  }
  srwm::save_checkpoint(latest, checkpoint);
  const RunResult result = train(folder.path(), "run", {"--resume"});
  CHECK(result.exit_code == 5);
  CHECK_THAT(result.err, Contains("Step 5") && Contains("first bad tensor is output 0 of srwm in layers.0") &&
                             Contains("latest.h5"));
  CHECK(srwm::load_checkpoint(latest).progress.step == 4);
}

TEST_CASE("a full disk is one sentence, and the checkpoint before it stays whole", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run", {"--max-seconds", "0.0001"}).exit_code == 75);
  const std::string before = read_file(folder.path() / "run/checkpoints/latest.h5");
  // No file may grow beyond 8 KiB: as good as full for a checkpoint.
  std::string command = "ulimit -f 8; exec '" + srwm_binary().string() + "'";
  for (const std::string& argument : train_arguments(folder.path(), "run", {"--resume"}))
    command += " '" + argument + "'";
  const RunResult result = run_program("/bin/bash", {"-c", command});
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.err, Contains("latest.h5") || Contains("best.h5"));
  CHECK(read_file(folder.path() / "run/checkpoints/latest.h5") == before);
}

TEST_CASE("a CPU trains in fp32 alone, and says so", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const RunResult result = train(folder.path(), "run", {"--device", "cpu", "--set", "train.precision=tf32"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("train.precision is \"tf32\"") && Contains("--set train.precision=fp32"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run"));
}

TEST_CASE("--init-from starts from another run's model", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "first").exit_code == 0);
  const std::string best = (folder.path() / "first/checkpoints/best.h5").string();
  CHECK(train(folder.path(), "second", {"--init-from", best}).exit_code == 0);
  const RunResult other = train(folder.path(), "third", {"--init-from", best, "--set", "model.core.hidden=32"});
  CHECK(other.exit_code == 3);
  CHECK_THAT(other.err, Contains("best.h5"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "third"));
}

TEST_CASE("--seeds trains side by side what --seed trains one by one", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  const RunResult both = train(folder.path(), "both", {"--seeds", "3,7"});
  CHECK(both.exit_code == 0);
  CHECK_THAT(both.out, Contains("Seed 3:") && Contains("Seed 7:") && Contains("both-s7/result.json"));
  CHECK_THAT(both.err, Contains("seed 3: ") && Contains("seed 7: "));
  for (const std::string seed : {"3", "7"}) {
    REQUIRE(train(folder.path(), "single-s" + seed, {"--seed", seed}).exit_code == 0);
    check_same(folder.path() / ("both-s" + seed), folder.path() / ("single-s" + seed));
  }
  const RunResult again = train(folder.path(), "both", {"--seeds", "3,7", "--resume"});
  CHECK(again.exit_code == 0);
  CHECK_THAT(again.out, Contains("Seed 3:") && Contains("Seed 7:"));
}

TEST_CASE("one seed that cannot begin does not stop the others", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  REQUIRE(train(folder.path(), "run-s1", {"--seed", "1"}).exit_code == 0);
  const RunResult result = train(folder.path(), "run", {"--seeds", "1-2"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("seed 1: error: ") && Contains("run-s1"));
  CHECK(std::filesystem::exists(folder.path() / "run-s2/DONE"));
}

TEST_CASE("lists of seeds that make no sense are refused", "[cli]") {
  TempDir folder;
  write_small_spec(folder.path());
  for (const std::string seeds : {"1,x", "5-1", "1,2,1", "1,", "1-100000", "-3"}) {
    INFO(seeds);
    const RunResult result = train(folder.path(), "run", {"--seeds=" + seeds});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("--seeds " + seeds + ": "));
  }
  CHECK(train(folder.path(), "run", {"--seeds", "1-2", "--seed", "3"}).exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "run-s1"));
}
