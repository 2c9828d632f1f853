// How far runs are, from folders in every condition.
#include <chrono>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/error.h"
#include "report/overview_text.h"
#include "report/run_overview.h"
#include "report/table_files.h"
#include "run/host.h"
#include "run/run_folder.h"
#include "run/run_lock.h"
#include "support/run_files.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* log_time = "2026-01-02T03:04:05.678+00:00";

/// A run of 100 steps that has done 60, in 30 seconds.
struct OneRun {
  TempDir dir;
  std::filesystem::path folder = dir / "runs/a-s3";

  OneRun() {
    write(folder / "spec.json", R"({"name": "a", "seed": 3, "train": {"steps": 100}})");
    write(folder / "metrics.jsonl",
          R"({"step":20,"kind":"train","loss":1.5,"accuracy":0.2,"seconds":10,"images_per_second":500}
{"step":25,"kind":"validation","accuracy":0.75,"seconds":12}
{"step":50,"kind":"validation","accuracy":0.5,"seconds":25}
{"step":60,"kind":"train","loss":1.25,"accuracy":0.25,"seconds":30,"images_per_second":640}
)");
    log("info", "step 60");
  }
  void log(const std::string& level, const std::string& message) const {
    write(folder / "log.txt", fmt::format("{} info: step 1\n{} {}: {}\n", log_time, log_time, level, message));
  }
  void last_held_by(const std::string& holder) const { write(folder / "lock", holder + "\n"); }
};

}  // namespace

TEST_CASE_METHOD(OneRun, "steps, speed and metrics of a run", "[overview]") {
  const RunOverview run = look_at_run(folder);
  CHECK(run.name == "a");
  CHECK(run.seed == 3);
  CHECK(run.task == "fewshot");
  CHECK(run.step == 60);
  CHECK(run.steps == 100);
  CHECK(run.speed == 640);
  CHECK(run.speed_unit == "images/s");
  CHECK(run.last->value == 0.5);
  CHECK(run.last->step == 50);
  CHECK(run.best->value == 0.75);
  CHECK(run.best->step == 25);
  CHECK_FALSE(run.test.has_value());
  CHECK_FALSE(run.seconds_left.has_value());  // it does not run
}

TEST_CASE_METHOD(OneRun, "without validations the training reports are shown", "[overview]") {
  write(folder / "metrics.jsonl", R"({"step":20,"kind":"train","accuracy":0.25,"seconds":10}
)");
  const RunOverview run = look_at_run(folder);
  CHECK(run.last->value == 0.25);
  CHECK_FALSE(run.best.has_value());
}

TEST_CASE_METHOD(OneRun, "what has become of a run", "[overview]") {
  const auto phase = [&] { return look_at_run(folder).phase; };
  SECTION("died: it says nothing of its end") {
    CHECK(phase() == RunPhase::died);
    last_held_by(lock_holder(1, host_name()));
    CHECK(phase() == RunPhase::died);
  }
  SECTION("running: the lock is held; the time left is that of the last reports") {
    std::filesystem::remove(folder / "lock");
    const RunFolder held = RunFolder::open(folder, /*resume=*/true);
    const RunOverview run = look_at_run(folder);
    CHECK(run.phase == RunPhase::running);
    CHECK(run.holder == lock_holder(::getpid(), host_name()));
    CHECK(*run.seconds_left == Approx(20));  // 20 s for 40 steps, and 40 are left
    log("error", "an earlier error");
    CHECK(phase() == RunPhase::running);
  }
  SECTION("stopped") {
    log("info", "Stopped by SIGTERM after step 60 of 100.");
    CHECK(phase() == RunPhase::stopped);
  }
  SECTION("failed, with the error") {
    log("error", "The loss is\nnot finite.");
    CHECK(phase() == RunPhase::failed);
    CHECK(look_at_run(folder).remark == "The loss is\nnot finite.");
  }
  SECTION("done, with its test") {
    log("error", "an earlier error");
    write(folder / "DONE", "");
    write(folder / "result.json", R"({"test": {"accuracy": 0.875, "ci95": 0.01}})");
    CHECK(phase() == RunPhase::done);
    CHECK(look_at_run(folder).test == 0.875);
  }
  SECTION("on another host: by the time since it wrote") {
    last_held_by(lock_holder(7, "some-other-host"));
    CHECK(phase() == RunPhase::running);
    CHECK_THAT(look_at_run(folder).remark, Contains("cannot be seen from here"));
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(2);
    for (const char* file : {"metrics.jsonl", "log.txt"}) std::filesystem::last_write_time(folder / file, long_ago);
    CHECK(phase() == RunPhase::died);
    log("info", "Stopped by SIGTERM after step 60 of 100.");
    CHECK(phase() == RunPhase::stopped);
  }
}

TEST_CASE_METHOD(OneRun, "a folder in any condition is looked at", "[overview]") {
  write(folder / "spec.json", "{");
  RunOverview run = look_at_run(folder);
  CHECK(run.steps == 0);
  CHECK(run.step == 60);
  CHECK(run.last->value == 0.5);
  CHECK_THAT(run.remark, Contains("spec cannot be read"));
  std::filesystem::remove(folder / "spec.json");
  std::filesystem::remove(folder / "metrics.jsonl");
  write(folder / "metrics.jsonl/x", "");  // a folder
  run = look_at_run(folder);
  CHECK(run.phase == RunPhase::died);
  write(folder / "DONE", "");
  CHECK_NOTHROW(look_at_run(folder));
}

TEST_CASE_METHOD(OneRun, "runs are found in folders of folders, once", "[overview]") {
  write(dir / "runs/deep/er/b-s1/spec.json", "{}");
  write(dir / "runs/deep/er/b-s1/inside/spec.json", "{}");  // a run has no runs in it
  write(dir / "runs/notes.txt", "");
  std::filesystem::create_directory_symlink(dir / "runs", dir / "runs/deep/loop");
  const std::vector<std::filesystem::path> found{folder, dir / "runs/deep/er/b-s1"};
  CHECK(find_runs(dir / "runs") == found);
  CHECK(find_runs(folder) == std::vector<std::filesystem::path>{folder});
  CHECK_THROWS_AS(find_runs(dir / "none"), UsageError);
  CHECK_THROWS_AS(find_runs(folder / "spec.json"), UsageError);
}

TEST_CASE_METHOD(OneRun, "looking changes nothing", "[overview]") {
  const std::string before = read_file(folder / "metrics.jsonl");
  const auto count = [&] { return std::distance(std::filesystem::recursive_directory_iterator(dir.path()), {}); };
  const auto files = count();
  look_at_run(folder);
  CHECK(count() == files);
  CHECK(read_file(folder / "metrics.jsonl") == before);
}

TEST_CASE_METHOD(OneRun, "overviews as a table and as JSON", "[overview]") {
  log("error", "two\nlines");
  const std::vector<RunOverview> runs{look_at_run(folder)};
  const std::string table = to_table(runs);
  CHECK_THAT(table, Contains("failed") && Contains("60/100 (60 %)") && Contains("640 images/s") &&
                        Contains("50.00 % at 50") && Contains("75.00 % at 25"));
  CHECK_THAT(table, Contains("\n    two lines\n1 failed.\n"));
  const auto json = nlohmann::json::parse(to_json(runs));
  REQUIRE(json.size() == 1);
  CHECK(json[0].at("state") == "failed");
  CHECK(json[0].at("best").at("step") == 25);
  CHECK(json[0].at("seconds_left").is_null());
  CHECK(json[0].at("remark") == "two\nlines");
}
