// srwm compare: whether one kind of run is better than another.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "core/error.h"
#include "report/comparison_text.h"
#include "srwm/commands.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct CompareArguments {
  std::vector<std::string> runs;
  std::string format = "markdown";
  CompareOptions options;
};

void print_comparison(const CompareArguments& arguments) {
  const std::vector<std::filesystem::path> folders(arguments.runs.begin(), arguments.runs.end());
  const RunComparison comparison = compare_runs(folders, arguments.options);
  if (arguments.format == "latex") return fmt::print("{}", to_latex(comparison));
  if (arguments.format == "csv") return fmt::print("{}", to_csv(comparison));
  if (arguments.format == "json") return fmt::print("{}", to_json(comparison));
  fmt::print("{}", to_markdown(comparison));
}

}  // namespace

void add_compare_command(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command = app.add_subcommand("compare", "Whether one kind of run is better than another, over seeds");
  takes_path(command->add_option("runs", arguments->runs, "Run folders, or folders with runs in them"), PathUse::input,
             takes::folder)
      ->required();
  command
      ->add_option("--by", arguments->options.by,
                   "Keys that make groups, with commas; default: all keys that differ, except seed and name")
      ->type_name(takes::key)
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--threshold", arguments->options.threshold,
                   "Show the steps until the curve reaches this value; accuracies are fractions, as in metrics.jsonl")
      ->type_name("VALUE");
  command->add_option("--format", arguments->format, "How to print")
      ->type_name(takes::comparison_format)
      ->check(CLI::IsMember({"markdown", "csv", "json", "latex"}))
      ->capture_default_str();
  command->footer(R"(Examples:
  srwm compare runs/heads8-s* runs/heads16-s*
  srwm compare runs --by model.core.heads --threshold 0.9
  srwm compare runs --format latex > comparison.tex

Groups are compared with that of the first run named. Runs that are unfinished or broken are named and not counted.)");
  command->callback([arguments] { print_comparison(*arguments); });
}

}  // namespace srwm
