// srwm report: the tables of experiments/, our runs beside the published figures.
#include "report/report.h"

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "core/error.h"
#include "report/report_text.h"
#include "srwm/commands.h"
#include "srwm/seeds.h"
#include "srwm/session.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct ReportArguments {
  std::vector<std::string> folders;
  std::string runs_dir = "runs", seeds, format = "markdown";
};

using Form = std::string (*)(const std::vector<Report>&);

Form form_of(const std::string& format) {
  if (format == "markdown") return to_markdown;
  if (format == "latex") return to_latex;
  if (format == "csv") return to_csv;
  if (format == "json") return to_json;
  if (format == "commands") return to_commands;
  throw UsageError("--format {}: the forms are markdown, latex, csv, json and commands.", format);
}

void run_report(const ReportArguments& options) {
  const Form form = form_of(options.format);
  std::vector<Report> reports;
  for (const std::string& folder : options.folders) {
    Table table = load_table(folder);
    if (!options.seeds.empty()) table.seeds = parse_seeds(options.seeds);
    reports.push_back(make_report(table, options.runs_dir));
  }
  fmt::print("{}", form(reports));
}

}  // namespace

void add_report_command(CLI::App& app) {
  auto options = std::make_shared<ReportArguments>();
  CLI::App* command =
      app.add_subcommand("report", "Print tables: our runs beside the published figures, and what is missing");
  takes_path(command->add_option("tables", options->folders,
                                 "Folders with one spec per row, as in experiments/omniglot_1shot"),
             PathUse::input, takes::folder)
      ->required();
  takes_path(command->add_option("--runs-dir", options->runs_dir, "Where the run folders <name>-s<seed> are"),
             PathUse::input, takes::folder)
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "Seeds of each row, as in 1-5 or 1,4; default: the table's")
      ->type_name(takes::seeds)
      ->check(not_empty());
  command
      ->add_option("--format", options->format, "How to print; commands: what produces the missing runs, for scripts")
      ->type_name(takes::table_format)
      ->capture_default_str();
  command->footer(R"(Examples:
  srwm report experiments/omniglot_1shot
  srwm report experiments/omniglot_1shot --seeds 1-5 --format latex > table.tex
  srwm report experiments/omniglot_1shot --format commands | sh -x     run what is missing, one after the other

Runs that are unfinished, broken or of another spec are named and not counted.)");
  command->callback([options] { run_report(*options); });
}

}  // namespace srwm
