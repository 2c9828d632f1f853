// srwm status on runs of the binary itself.
#include <csignal>
#include <memory>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/small_run.h"
#include "run/host.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

nlohmann::json look_at(const std::filesystem::path& folder) {
  const RunResult result = run_srwm({"status", folder.string(), "--json"});
  REQUIRE(result.exit_code == 0);
  return nlohmann::json::parse(result.out);
}

}  // namespace

TEST_CASE("status tells running, stopped, failed, died and done runs apart", "[cli]") {
  const TempDir folder;
  write_small_spec(folder.path());
  const auto state = [&](const char* run) { return look_at(folder / run).at(0).at("state"); };
  SECTION("done") {
    REQUIRE(train(folder.path(), "run").exit_code == 0);
    const auto run = look_at(folder.path()).at(0);
    CHECK(run.at("state") == "done");
    CHECK(run.at("step") == 30);
    CHECK(run.at("steps") == 30);
    CHECK(run.at("test").is_number());
    CHECK(run.at("best").at("value").get<double>() >= run.at("last").at("value").get<double>());
  }
  const auto wait_for = [&](Process& process, const std::string& wanted) {
    while (process.running()) {
      if (std::filesystem::exists(folder / "run/checkpoints/latest.h5") && state("run") == wanted) return true;
    }
    return false;
  };
  const auto start = [&] {
    return std::make_unique<Process>(
        srwm_binary(), train_arguments(folder.path(), "run", {"--set", "train.steps=1000000", "--resume"}));
  };
  SECTION("running, then stopped, running again, then killed") {
    auto process = start();
    REQUIRE(wait_for(*process, "running"));
    CHECK_THAT(look_at(folder / "run").at(0).at("holder").get<std::string>(), Contains(" on " + host_name()));
    process->send(SIGTERM);
    CHECK(process->wait().exit_code == 75);
    CHECK(state("run") == "stopped");
    process = start();
    while (process->running() && read_file(folder / "run/log.txt").find("Resuming") == std::string::npos) continue;
    CHECK(state("run") == "running");
    process->send(SIGKILL);
    process->wait();
    CHECK(state("run") == "died");
  }
  SECTION("failed: the run cannot go on with fewer steps") {
    auto process = start();
    REQUIRE(wait_for(*process, "running"));
    process->send(SIGTERM);
    REQUIRE(process->wait().exit_code == 75);
    REQUIRE(train(folder.path(), "run", {"--set", "train.steps=1", "--resume"}).exit_code == 2);
    CHECK(state("run") == "failed");
    CHECK_THAT(look_at(folder / "run").at(0).at("remark").get<std::string>(), Contains("beyond train.steps = 1"));
    CHECK_THAT(run_srwm({"status", folder.path().string()}).out, Contains("beyond train.steps = 1"));
  }
}

TEST_CASE("status without runs, and of what is no folder", "[cli]") {
  const TempDir folder;
  CHECK_THAT(run_srwm({"status", folder.path().string()}).out, Contains("There are no runs."));
  CHECK_THAT(run_srwm({"status"}, {.folder = folder.path()}).out, Contains("There are no runs."));
  const RunResult result = run_srwm({"status", (folder / "none").string()});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("is not a folder"));
}

TEST_CASE("status --watch looks again until a signal comes", "[cli]") {
  const TempDir folder;
  Process watch(srwm_binary(), {"status", folder.path().string(), "--watch", "0.1"});
  REQUIRE(watch.wait_for_output("There are no runs."));
  std::filesystem::create_directory(folder / "run");
  write_text(folder / "run/spec.json", R"({"name": "late"})");
  CHECK(watch.wait_for_output("1 died."));
  watch.send(SIGINT);
  CHECK(watch.wait().signal == SIGINT);
}
