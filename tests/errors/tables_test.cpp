// Provokes every entry of the section "Tables and sweeps" of docs/errors.md.
#include <chrono>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "cli/small_run.h"
#include "errors/errors_page.h"

using namespace srwm::test;

namespace {

/// What `srwm config check` says of a table.json or sweep.json, problem by problem.
void provoke_check(ErrorSection& section, const std::filesystem::path& file, const std::string& text) {
  write_text(file, text);
  const RunResult result = run_srwm({"config", "check", file.string()});
  section.saw(result);
  const std::size_t first = result.err.find("\n  ");
  REQUIRE(first != std::string::npos);
  const std::string problem = result.err.substr(first + 3, result.err.find('\n', first + 1) - first - 3);
  section.saw(problem.substr(problem.find(": ") == std::string::npos ? 0 : problem.find(": ") + 2), result.exit_code);
}

/// A sweep over data that is not there, and one that is told to stop.
void provoke_local(ErrorSection& section, const std::filesystem::path& folder) {
  const std::filesystem::path sweep = folder / "sweep.json";
  const std::vector<std::string> command{"sweep", sweep.string(), "--local", "--runs-dir", (folder / "runs").string()};
  const auto write_sweep = [&](const char* fixed) {
    write_text(
        sweep,
        fmt::format(R"({{"name": "s", "base": "small.json", "fixed": {{{}}}, "grid": {{"seed": [1, 2]}}}})", fixed));
  };
  write_sweep(R"("data": {"dataset": "none", "glyphs": null})");
  section.saw(run_srwm(command));
  write_sweep(R"("train.steps": 1000000)");
  Process process(srwm_binary(), command);
  const std::filesystem::path metrics = folder / "runs/s-001-s1/metrics.jsonl";
  while (process.running() && read_file(metrics).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  process.send(SIGTERM);
  section.saw(process.wait());
}

}  // namespace

TEST_CASE("errors page: tables and sweeps", "[errors]") {
  ErrorSection section("Tables and sweeps");
  const TempDir dir;
  const std::filesystem::path table = dir / "table.json", sweep = dir / "sweep.json";
  write_small_spec(dir.path());
  write_text(dir / "twin.json", R"({"name": "small"})");
  provoke_check(section, table, "[]");
  provoke_check(section, table, R"({"rows": {"small": "A"}})");
  provoke_check(section, table, R"({"title": "x", "rows": {"small": "A", "twin": "B"}})");
  write_text(dir / "agent.json", R"({"task": "rl", "name": "agent", "env": {"games": ["signpost"]}})");
  provoke_check(section, table, R"({"title": "x", "rows": {"small": "A", "agent": "B"}})");
  provoke_check(section, table, R"({"title": "x", "rows": {"small": "A"}, "games": ["signpost"]})");
  provoke_check(section, table, R"({"title": "x", "rows": {"a": {"label": "A", "seed": 3}}})");
  provoke_check(section, table, R"({"title": "x", "rows": {"a": {"label": "A"}}})");
  provoke_check(section, table,
                R"({"title": "x", "rows": {"agent": "A"}, "others": {"B": {"maze": 1}}, "others_source": "them"})");
  provoke_check(section, table,
                R"({"title": "x", "rows": {"agent": "A"}, "published": {"B": {}}, "published_source": "them"})");
  provoke_check(section, sweep, R"({"name": "s", "base": "small.json", "grid": {"task": ["rl"]}})");
  provoke_check(section, sweep,
                R"({"name": "s", "base": "small.json", "grid": {"optim.rate": {"from": 0.1, "to": 1}}})");
  provoke_check(section, sweep, R"({"name": "s", "base": "small.json", "grid": {"seed": [1]}, "seeds": [1]})");
  write_text(sweep, R"({"name": "s", "base": "small.json", "grid": {"seed": [1]}})");
  section.saw(run_srwm({"sweep", sweep.string(), "--seeds", "1,2"}));
  std::string many = "[1";
  for (int i = 2; i <= 400; ++i) many += fmt::format(",{}", i);
  provoke_check(section, sweep, R"({"name": "s", "base": "small.json"})");
  provoke_check(
      section, sweep,
      fmt::format(R"({{"name": "s", "base": "small.json", "grid": {{"seed": {0}], "train.batch": {0}]}}}})", many));
  section.saw(run_srwm({"report", (dir / "small.json").string()}));
  std::filesystem::create_directory(dir / "empty");
  section.saw(run_srwm({"report", (dir / "empty").string()}));
  write_text(table, R"({"title": "x", "rows": {"small": "A"}})");
  section.saw(run_srwm({"report", dir.path().string(), "--format", "word"}));
  write_text(sweep, R"({"name": "s", "base": "small.json", "grid": {"seed": [1, 2]}})");
  section.saw(run_srwm({"sweep", sweep.string(), "--task", "3"}));
  provoke_local(section, dir.path());
  section.cannot_provoke("No process can be started");  // needs a system without memory
}
