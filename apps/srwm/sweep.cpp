// srwm sweep: a search over settings, each combination an ordinary run.
#include "report/sweep.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.h"
#include "report/comparison_text.h"
#include "report/report.h"
#include "run/run_folder.h"
#include "srwm/commands.h"
#include "srwm/jobs.h"
#include "srwm/seeds.h"
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
  std::string seeds;
  int at_once = 1;
  bool list = false, local = false, summary = false, commands = false, json = false;
};

std::filesystem::path output_of(const SweepOutcome& outcome) {
  return outcome.run.folder / "output.txt";
}

/// The arguments of srwm that run a task, or go on with it.
std::vector<std::string> arguments_for(const Sweep& sweep, const SweepOutcome& outcome, const SweepArguments& options) {
  std::vector<std::string> arguments{fmt::format("train-{}", sweep.kind), "--config", sweep.base.string()};
  for (const std::string& setting : outcome.task.overrides) arguments.insert(arguments.end(), {"--set", setting});
  arguments.insert(arguments.end(), {"--run-dir", outcome.run.folder.string(), "--resume"});
  arguments.insert(arguments.end(), options.train_options.begin(), options.train_options.end());
  return arguments;
}

std::vector<SweepOutcome> outcomes_of(const Sweep& sweep, const SweepArguments& options) {
  std::vector<SweepOutcome> outcomes;
  for (std::int64_t number = 1; number <= sweep.size(); ++number) {
    outcomes.push_back(find_outcome(sweep, number, options.runs_dir));
  }
  return outcomes;
}

/// The file's sweep with the seeds that the command line asks for.
Sweep load(const SweepArguments& options) {
  Sweep sweep = load_sweep(options.file);
  if (!options.seed && options.seeds.empty()) return sweep;
  if (std::ranges::find(sweep.grid, "seed", &SweepAxis::key) != sweep.grid.end()) {
    throw UsageError("The grid of {} varies the seed itself. Leave out --seed and --seeds.", options.file);
  }
  sweep.seeds = options.seed ? std::vector{*options.seed} : parse_seeds(options.seeds);
  return sweep;
}

/// All tasks, best first, and with several seeds what they say of each combination.
void print_summary(const Sweep& sweep, const SweepArguments& options) {
  const std::vector<SweepOutcome> outcomes = outcomes_of(sweep, options);
  if (options.json) return fmt::print("{}", to_json(sweep, outcomes));
  fmt::print("{}", summarise(sweep, outcomes));
  std::vector<std::filesystem::path> complete;
  for (const SweepOutcome& outcome : outcomes) {
    if (outcome.run.status == RunStatus::complete) complete.push_back(outcome.run.folder);
  }
  if (sweep.seeds.size() > 1 && !complete.empty()) fmt::print("\n{}", to_markdown(compare_runs(complete, {})));
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
  fmt::print("\n");
  print_summary(sweep, options);
  std::fflush(stdout);
  if (!end.failed.empty()) {
    throw Error(
        static_cast<ExitCode>(end.failed.front().second),
        fmt::format("Tasks failed: {}. The file output.txt in the run folder of each says why.", list_failed(end)));
  }
  if (end.signal != 0) throw StoppedError("Stopped on signal {}. The same command goes on.", end.signal);
}

void run_sweep(const SweepArguments& options) {
  const Sweep sweep = load(options);
  if (options.task) become(arguments_for(sweep, find_outcome(sweep, *options.task, options.runs_dir), options));
  if (options.local) return run_locally(sweep, options);
  if (options.summary) return print_summary(sweep, options);
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
  CLI::Option* seed = command->add_option("--seed", options->seed, "Override the spec's seed")->check(not_negative());
  command->add_option("--seeds", options->seeds, "Run each combination with these seeds: 1,2,5 or 1-5")
      ->type_name(takes::seeds)
      ->excludes(seed)
      ->check(not_empty());
  command->add_flag("--json", options->json, "With --summary: a list of objects, in the order of the tasks")
      ->needs(summary);
  takes_path(command->add_option("--runs-dir", options->runs_dir, "Where the run folders are"), PathUse::input,
             takes::folder)
      ->capture_default_str();
  command->footer(R"(Examples:
  srwm sweep experiments/miniimagenet_5shot/sweep.json --list
  srwm sweep experiments/miniimagenet_5shot/sweep.json --local -j 2 -- --threads 1 --data-dir data
  srwm sweep experiments/miniimagenet_5shot/sweep.json --task "$SLURM_ARRAY_TASK_ID"     in a job array
  srwm sweep experiments/miniimagenet_5shot/sweep.json --local --seeds 1-3
  srwm sweep experiments/miniimagenet_5shot/sweep.json --summary

What is complete is left alone, what was stopped goes on.)");
  command->callback([options] { run_sweep(*options); });
}

}  // namespace srwm
