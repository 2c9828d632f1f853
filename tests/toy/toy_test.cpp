// A task that is only in this program's table does all that a task does: commands, runs, reports, documentation.
#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "report/finished_run.h"
#include "run/checkpoint.h"
#include "spec/print.h"
#include "srwm/completion.h"
#include "srwm/program.h"
#include "support/run_files.h"
#include "support/temp_dir.h"
#include "tasks/task_table.h"
#include "toy/line_task.h"
#include "train/result_text.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Runs a command line of srwm in this process.
void run(std::vector<std::string> words) {
  CLI::App app;
  build_program(app);
  std::ranges::reverse(words);
  app.parse(words);
}

struct Toy {
  Toy() { std::ofstream(spec()) << R"({"task": "line", "name": "toy"})"; }
  std::string spec() const { return (folder.path() / "toy.json").string(); }
  std::filesystem::path at(const std::string& name) const { return folder.path() / name; }
  void train(const std::string& run_dir, std::vector<std::string> more = {},
             const std::string& command = "train-line") {
    std::vector<std::string> words{command, "--config", spec(), "--run-dir", at(run_dir).string(), "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    run(words);
  }
  nlohmann::json result(const std::string& run_dir) const {
    return nlohmann::json::parse(read_file(at(run_dir) / "result.json"));
  }
  TempDir folder;
};

}  // namespace

TEST_CASE_METHOD(Toy, "a third task trains, validates, tests and reports", "[toy]") {
  train("run");
  CHECK(result("run").at("test").at("score") > 0.9);
  CHECK(result("run").at("validation").at("score") > 0.9);
  CHECK(result("run").at("points_per_second") > 0);
  CHECK_THAT(metrics_of(at("run")), Contains("\"kind\":\"validation\"") && Contains("\"loss\":"));
  CHECK_THAT(describe_result(toy::line_type(), {at("run")}), Contains("score") && Contains("points/s"));
  const RunState state = read_run(at("run"), *load_any_spec(spec()));
  CHECK(state.status == RunStatus::complete);
  CHECK(state.figures.contains({"test", "score"}));
  run({"eval", "--run", at("run").string()});
  train("dry", {"--dry-run"});
  CHECK_FALSE(std::filesystem::exists(at("dry")));
}

TEST_CASE_METHOD(Toy, "a third task is stopped and resumed to the same bits", "[toy]") {
  const std::string passes = "train.accumulate=3";
  train("whole", {"--set", passes});
  CHECK_THROWS_AS(train("pieces", {"--set", passes, "--max-seconds", "1e-9"}), StoppedError);
  train("pieces", {"--set", passes, "--set", "train.steps=40", "--resume"});
  train("pieces", {"--set", passes, "--resume"}, "train");
  for (const char* file : {"checkpoints/latest.h5", "checkpoints/best.h5"}) {
    CHECK(read_file(at("whole") / file) == read_file(at("pieces") / file));
  }
  CHECK_THROWS_WITH(train("whole", {"--set", passes, "--set", "line.noise=1", "--resume"}), Contains("line.noise"));
}

TEST_CASE_METHOD(Toy, "a third task trains several seeds", "[toy]") {
  train("run", {"--seeds", "1-3"});
  CHECK(result("run-s1").at("seed") == 1);
  CHECK(result("run-s3").at("test").at("score") > 0.9);
}

TEST_CASE_METHOD(Toy, "keys of a third task are documented, checked and completed", "[toy]") {
  CHECK_THAT(explain("line.slope"), Contains("Slope of the line.") && Contains("default: 2"));
  CHECK_THAT(markdown_tables(), Contains("## Keys of fitting a line") && Contains("| `noise` |"));
  CHECK_THAT(json_schema(find_task("line")->keys()), Contains("\"slope\""));
  CHECK_THROWS_WITH(train("run", {"--set", "line.slope=0"}), Contains("a flat line"));
  CHECK_THROWS_WITH(train("run", {"--set", "line.slop=1"}), Contains("Did you mean line.slope?"));
  CHECK_THROWS_WITH(train("run", {}, "train-rl"), Contains("which srwm train-line takes"));
  CLI::App app;
  build_program(app);
  CHECK_THAT(to_lines(complete(app, {"train-line", "--set", "line.n"})), Contains("line.noise="));
}
