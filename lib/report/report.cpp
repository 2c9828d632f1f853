#include "report/report.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "run/run_folder.h"

namespace srwm {
namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double sample_deviation(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

RowReport report_row(const TableRow& row, const std::vector<std::uint64_t>& seeds,
                     const std::filesystem::path& runs_dir) {
  RowReport report{.row = row};
  std::vector<double> accuracies, half_widths, seconds;
  std::set<std::string> digests;
  for (std::uint64_t seed : seeds) {
    ExperimentSpec spec = row.spec;
    spec.seed = seed;
    RunState run = read_run(runs_dir / default_run_folder(spec.name, seed).filename(), spec);
    if (run.status == RunStatus::complete) {
      ++report.complete;
      digests.insert(run.data_digest);
      seconds.push_back(run.wall_seconds);
      if (run.accuracy) accuracies.push_back(*run.accuracy);
      if (run.ci95) half_widths.push_back(*run.ci95);
    }
    report.runs.push_back(std::move(run));
  }
  if (!accuracies.empty()) report.mean = mean_of(accuracies);
  if (!half_widths.empty()) report.ci95 = mean_of(half_widths);
  if (accuracies.size() > 1) report.std = sample_deviation(accuracies);
  if (!seconds.empty()) report.wall_seconds = mean_of(seconds);
  report.data_differs = digests.size() > 1;
  return report;
}

}  // namespace

Report make_report(const Table& table, const std::filesystem::path& runs_dir) {
  Report report{.table = table};
  for (const TableRow& row : table.rows) report.rows.push_back(report_row(row, table.seeds, runs_dir));
  return report;
}

std::string command_for(const TableRow& row, const RunState& run) {
  std::string command =
      fmt::format("srwm train-fewshot --config {} --seed {}", quoted_for_shell(row.path.string()), run.seed);
  if (run.folder != default_run_folder(row.spec.name, run.seed)) {
    command += " --run-dir " + quoted_for_shell(run.folder.string());
  }
  return command + " --resume";
}

std::string quoted_for_shell(const std::string& word) {
  constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace srwm
