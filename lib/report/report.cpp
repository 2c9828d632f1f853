#include "report/report.h"

#include <algorithm>
#include <memory>
#include <set>

#include <fmt/core.h>

#include "core/statistics.h"
#include "run/run_folder.h"

namespace srwm {
namespace {

/// A seed's figure: that of its run, or the mean of its runs that play the games it is about; none if one lacks it.
std::optional<Estimate> figure_of_seed(const RowReport& row, std::uint64_t seed, const Measure& measure) {
  std::vector<Estimate> found;
  for (const auto& [spec, run] : row.runs) {
    if (run.seed != seed) continue;
    if (const std::optional<Estimate> figure = run.figure(measure)) {
      found.push_back(*figure);
      continue;
    }
    const std::vector<Measure> expected = measures_of(*row.row.specs[spec].spec);
    if (std::ranges::find(expected, measure) != expected.end()) return std::nullopt;
  }
  return found.empty() ? std::nullopt : std::optional(mean_of(found));
}

Summary summarise(const RowReport& row, const std::vector<std::uint64_t>& seeds, const Measure& measure) {
  Summary summary;
  std::vector<double> values, half_widths;
  for (std::uint64_t seed : seeds) {
    const std::optional<Estimate> figure = figure_of_seed(row, seed, measure);
    if (!figure) continue;
    ++summary.n;
    values.push_back(figure->value);
    if (figure->ci95) half_widths.push_back(*figure->ci95);
  }
  if (!values.empty()) summary.mean = mean(values);
  summary.std = sample_deviation(values);
  if (!half_widths.empty()) summary.ci95 = mean(half_widths);
  return summary;
}

/// Looks for the row's runs.
RowReport find_runs(const TableRow& row, const std::vector<std::uint64_t>& seeds,
                    const std::filesystem::path& runs_dir) {
  RowReport report{.row = row};
  std::vector<double> seconds;
  std::set<std::string> digests;
  for (std::size_t i = 0; i < row.specs.size(); ++i) {
    for (std::uint64_t seed : seeds) {
      const std::unique_ptr<AnySpec> spec = row.specs[i].spec->clone();
      spec->seed = seed;
      RunState run = read_run(runs_dir / default_run_folder(spec->name, seed).filename(), *spec);
      if (run.status == RunStatus::complete) {
        ++report.complete;
        digests.insert(run.data_digest);
        seconds.push_back(run.wall_seconds);
      }
      report.runs.push_back({i, std::move(run)});
    }
  }
  if (!seconds.empty()) report.wall_seconds = mean(seconds);
  report.data_differs = digests.size() > 1;
  return report;
}

}  // namespace

Summary RowReport::figure(const Measure& measure) const {
  const auto found = figures.find(measure);
  return found == figures.end() ? Summary() : found->second;
}

bool Report::has(const Measure& measure) const {
  return std::ranges::any_of(rows, [&](const RowReport& row) { return row.figures.contains(measure); }) ||
         has_published(measure) ||
         std::ranges::any_of(table.others, [&](const OtherFigures& other) { return other.figures.contains(measure); });
}

bool Report::has_published(const Measure& measure) const {
  return std::ranges::any_of(rows, [&](const RowReport& row) { return row.row.published.contains(measure); });
}

Measure Report::headline() const {
  const Measure normalized = test_measure(table.task, /*has_normalized=*/true);
  const bool is_known = has(normalized) || std::ranges::any_of(rows, [](const RowReport& row) {
                          return row.row.figures().expected.has_value();
                        });
  return is_known ? normalized : test_measure(table.task, /*has_normalized=*/false);
}

Report make_report(const Table& table, const std::filesystem::path& runs_dir) {
  Report report{.table = table, .measures = measures_of(table)};
  for (const TableRow& row : table.rows) {
    RowReport found = find_runs(row, table.seeds, runs_dir);
    for (const Measure& measure : report.measures) {
      const Summary summary = summarise(found, table.seeds, measure);
      if (summary.n > 0) found.figures.emplace(measure, summary);
    }
    report.rows.push_back(std::move(found));
  }
  return report;
}

std::string describe(const RowReport& row, const RowRun& run) {
  return fmt::format("{}, seed {}: {}{}{}", row.row.specs[run.spec].label, run.state.seed, words_of(run.state.status),
                     run.state.remark.empty() ? "" : ", ", run.state.remark);
}

std::string command_for(const TableRow& row, const RowRun& run) {
  const RowSpec& spec = row.specs[run.spec];
  std::string command =
      fmt::format("srwm train-{} --config {} --seed {} --run-dir {}", spec.spec->task(),
                  quoted_for_shell(row.path.string()), run.state.seed, quoted_for_shell(run.state.folder.string()));
  for (const std::string& setting : spec.overrides) command += " --set " + quoted_for_shell(setting);
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
