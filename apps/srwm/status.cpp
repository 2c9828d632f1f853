// srwm status: how far runs are.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <unistd.h>

#include "report/overview_text.h"
#include "report/run_overview.h"
#include "srwm/commands.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct StatusArguments {
  std::vector<std::string> folders;  ///< none: runs, if it is there
  bool json = false;
  double watch = 0;  ///< seconds between looks; 0: look once
};

std::vector<RunOverview> look(const StatusArguments& options) {
  std::vector<RunOverview> runs;
  std::vector<std::string> folders = options.folders;
  if (folders.empty() && std::filesystem::is_directory("runs")) folders = {"runs"};
  for (const std::string& folder : folders) {
    for (const auto& run : find_runs(folder)) runs.push_back(look_at_run(run));
  }
  return runs;
}

std::string look_text(const StatusArguments& options) {
  const std::vector<RunOverview> runs = look(options);
  if (options.json) return to_json(runs);
  if (runs.empty()) return "There are no runs. srwm train puts them into runs/ unless --run-dir says otherwise.\n";
  return to_table(runs);
}

/// Until a signal ends the program. A terminal shows the latest look alone, a file has all of them.
[[noreturn]] void watch(const StatusArguments& options) {
  constexpr const char* to_top = "\x1b[H\x1b[2J";
  const bool redraws = ::isatty(STDOUT_FILENO) == 1;
  while (true) {
    const std::string text = look_text(options);
    fmt::print("{}{:%Y-%m-%d %H:%M:%S}\n{}\n", redraws ? to_top : "", fmt::localtime(std::time(nullptr)), text);
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::duration<double>(options.watch));
  }
}

}  // namespace

void add_status_command(CLI::App& app) {
  auto options = std::make_shared<StatusArguments>();
  CLI::App* command = app.add_subcommand("status", "How far runs are, and which have stopped, failed or died");
  takes_path(command->add_option("runs", options->folders, "Run folders, or folders with runs in them; default: runs"),
             PathUse::input, takes::folder);
  auto* json = command->add_flag("--json", options->json, "Print a list of objects");
  command
      ->add_option("--watch", options->watch, "Look again every so many seconds, 2 if none are given; Ctrl-C ends it")
      ->type_name("SECONDS")
      ->expected(0, 1)
      ->default_str("2")
      ->check(CLI::Range(0.1, 86400.0))
      ->excludes(json);
  command->footer(R"(Examples:
  srwm status
  srwm status runs /scratch/me/runs --watch
  srwm status --json | jq -r '.[] | select(.state == "failed") | .folder'

The state is running, stopped (a signal or --max-seconds; --resume continues), failed (by the error below it), died
(killed without a word; --resume continues) or done. Files are only read: a run never notices.)");
  command->callback([options] {
    if (options->watch > 0) watch(*options);
    fmt::print("{}", look_text(*options));
  });
}

}  // namespace srwm
