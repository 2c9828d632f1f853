// srwm sweep: a search over settings, each combination an ordinary run.
#include "report/sweep.h"

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "report/report.h"
#include "run/run_folder.h"
#include "srwm/commands.h"
#include "srwm/jobs.h"
#include "srwm/session.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct SweepArguments {
  std::string file, runs_dir = "runs";
  std::vector<std::string> train_options;
  std::optional<std::int64_t> task;
  std::optional<std::uint64_t> seed;
  int at_once = 1;
  bool list = false, local = false, summary = false, commands = false;
};

std::filesystem::path output_of(const SweepOutcome& outcome) {
  return outcome.run.folder / "output.txt";
}

/// The arguments of srwm that run a task, or go on with it.
std::vector<std::string> arguments_for(const Sweep& sweep, const SweepOutcome& outcome, const SweepArguments& options) {
  std::vector<std::string> arguments{fmt::format("train-{}", sweep.kind), "--config", sweep.base.string()};
  for (const std::string& setting : outcome.task.overrides) arguments.insert(arguments.end(), {"--set", setting});
  if (options.seed) arguments.insert(arguments.end(), {"--seed", fmt::to_string(*options.seed)});
  arguments.insert(arguments.end(), {"--run-dir", outcome.run.folder.string(), "--resume"});
  arguments.insert(arguments.end(), options.train_options.begin(), options.train_options.end());
  return arguments;
}

std::vector<SweepOutcome> outcomes_of(const Sweep& sweep, const SweepArguments& options) {
  std::vector<SweepOutcome> outcomes;
  for (std::int64_t number = 1; number <= sweep.size(); ++number) {
    outcomes.push_back(find_outcome(sweep, number, options.runs_dir, options.seed));
  }
  return outcomes;
}

void print_commands(const Sweep& sweep, const SweepArguments& options) {
  for (const SweepOutcome& outcome : outcomes_of(sweep, options)) {
    if (outcome.run.status == RunStatus::complete) continue;
    std::string command = "srwm";
    for (const std::string& word : arguments_for(sweep, outcome, options)) command += " " + quoted_for_shell(word);
    fmt::print("{}\n", command);
  }
}

/// "4 (exit code 5), 7 (exit code 2)"
std::string list_failed(const JobsEnd& end) {
  std::string text;
  for (const auto& [number, code] : end.failed) {
    text += fmt::format("{}{} (exit code {})", text.empty() ? "" : ", ", number, code);
  }
  return text;
}

/// Runs what is not complete; what is left of it, in words and exit code.
void run_locally(const Sweep& sweep, const SweepArguments& options) {
  std::vector<Job> jobs;
  for (const SweepOutcome& outcome : outcomes_of(sweep, options)) {
    if (outcome.run.status == RunStatus::complete) continue;
    jobs.push_back({outcome.task.number, arguments_for(sweep, outcome, options), output_of(outcome)});
  }
  fmt::print("{} of {} tasks are complete.\n", sweep.size() - static_cast<std::int64_t>(jobs.size()), sweep.size());
  std::fflush(stdout);
  const JobsEnd end = run_jobs(jobs, options.at_once, [&](const Job& job, int code) {
    fmt::print("task {}: {}  {}\n", job.number, code == 0 ? "done" : fmt::format("exit code {}", code),
               sweep.task(job.number).settings);
    std::fflush(stdout);
  });
  fmt::print("\n{}", summarise(sweep, outcomes_of(sweep, options)));
  std::fflush(stdout);
  if (!end.failed.empty()) {
    throw Error(
        static_cast<ExitCode>(end.failed.front().second),
        fmt::format("Tasks failed: {}. The file output.txt in the run folder of each says why.", list_failed(end)));
  }
  if (end.signal != 0) throw StoppedError("Stopped on signal {}. The same command goes on.", end.signal);
}

void run_sweep(const SweepArguments& options) {
  const Sweep sweep = load_sweep(options.file);
  if (options.task) {
    become(arguments_for(sweep, find_outcome(sweep, *options.task, options.runs_dir, options.seed), options));
  }
  if (options.local) return run_locally(sweep, options);
  if (options.summary) return fmt::print("{}", summarise(sweep, outcomes_of(sweep, options)));
  if (options.commands) return print_commands(sweep, options);
  fmt::print("{}", list_tasks(sweep));
}

}  // namespace

void add_sweep_command(CLI::App& app) {
  auto options = std::make_shared<SweepArguments>();
  CLI::App* command = app.add_subcommand("sweep", "Search over settings: each combination of a grid is a run");
  takes_path(command->add_option("file", options->file, "The sweep"), PathUse::input, takes::json_file)->required();
  command->add_option("train-options", options->train_options, "After --: options for each train-fewshot or train-rl");
  auto* list = command->add_flag("--list", options->list, "Print number, name and settings of each task (the default)");
  auto* task = command->add_option("--task", options->task, "Run this task, or go on with it")->type_name("N");
  auto* local = command->add_flag("--local", options->local, "Run all that are not complete, on this machine");
  auto* summary = command->add_flag("--summary", options->summary, "Print all tasks, best first");
  auto* commands = command->add_flag("--commands", options->commands, "Print the commands that run what is missing");
  const std::vector<CLI::Option*> modes{list, task, local, summary, commands};
  for (CLI::Option* mode : modes) {
    for (CLI::Option* other : modes) {
      if (mode != other) mode->excludes(other);
    }
  }
  command->add_option("-j,--jobs", options->at_once, "Tasks at a time with --local")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Override the spec's seed")->check(not_negative());
  takes_path(command->add_option("--runs-dir", options->runs_dir, "Where the run folders are"), PathUse::input,
             takes::folder)
      ->capture_default_str();
  command->footer(R"(Examples:
  srwm sweep experiments/miniimagenet_5shot/sweep.json --list
  srwm sweep experiments/miniimagenet_5shot/sweep.json --local -j 2 -- --threads 1 --data-dir data
  srwm sweep experiments/miniimagenet_5shot/sweep.json --task "$SLURM_ARRAY_TASK_ID"     in a job array
  srwm sweep experiments/miniimagenet_5shot/sweep.json --summary

What is complete is left alone, what was stopped goes on.)");
  command->callback([options] { run_sweep(*options); });
}

}  // namespace srwm
