#include "report/overview_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "core/utf8.h"
#include "report/or_null.h"
#include "report/report_notes.h"
#include "run/progress.h"
#include "run/result.h"

namespace srwm {
namespace {

constexpr std::size_t overview_columns = 8;
using Cells = std::array<std::string, overview_columns>;

std::string value_text(const RunOverview& run, double value) {
  if (is_fraction(run.task, run.measure)) return fmt::format("{:.2f} %", 100 * value);
  return fmt::format("{:.4g}", value);
}

/// "97.40 % at 10,000"
std::string metric_text(const RunOverview& run, const std::optional<MetricAt>& metric) {
  if (!metric) return "-";
  return fmt::format("{} at {}", value_text(run, metric->value), format_count(metric->step));
}

std::string steps_text(const RunOverview& run) {
  if (run.steps == 0) return format_count(run.step);
  const double share = static_cast<double>(run.step) / static_cast<double>(run.steps);
  return fmt::format("{}/{} ({:.0f} %)", format_count(run.step), format_count(run.steps), 100 * share);
}

Cells overview_cells(const RunOverview& run) {
  return {printable(run.folder.string()),
          name_of(run.phase),
          steps_text(run),
          run.speed ? fmt::format("{} {}", format_count(std::llround(*run.speed)), run.speed_unit) : "-",
          run.seconds_left ? format_duration(*run.seconds_left) : "-",
          metric_text(run, run.last),
          run.test ? "test " + value_text(run, *run.test) : metric_text(run, run.best),
          run.holder.empty() ? "-" : printable(run.holder)};
}

std::string overview_line(const Cells& cells, const std::array<std::size_t, overview_columns>& widths) {
  std::string line;
  for (std::size_t i = 0; i < overview_columns; ++i)
    line += fmt::format("{}{:<{}}", i > 0 ? "  " : "", cells[i], widths[i]);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// "3 running, 1 failed, 2 done."
std::string count_phases(const std::vector<RunOverview>& runs) {
  std::string text;
  for (const RunPhase phase : all_run_phases) {
    const auto count = std::ranges::count(runs, phase, &RunOverview::phase);
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name_of(phase));
  }
  return text + ".\n";
}

nlohmann::ordered_json overview_json(const std::optional<MetricAt>& metric) {
  if (!metric) return nullptr;
  return {{"value", metric->value}, {"step", metric->step}};
}

nlohmann::ordered_json overview_json(const RunOverview& run) {
  return {{"folder", printable(run.folder.string())},
          {"state", name_of(run.phase)},
          {"task", run.task},
          {"name", run.name},
          {"seed", seed_as_json(run.seed)},
          {"holder", printable(run.holder)},
          {"remark", printable(run.remark)},
          {"step", run.step},
          {"steps", run.steps},
          {"speed", or_null(run.speed)},
          {"speed_unit", run.speed_unit},
          {"seconds_left", or_null(run.seconds_left)},
          {"seconds_since_report", or_null(run.seconds_since)},
          {"metric", run.measure.name},
          {"last", overview_json(run.last)},
          {"best", overview_json(run.best)},
          {"test", or_null(run.test)}};
}

}  // namespace

std::string to_table(const std::vector<RunOverview>& runs) {
  std::vector<Cells> rows{{"run", "state", "step", "speed", "time left", "last", "best", "by"}};
  for (const RunOverview& run : runs) rows.push_back(overview_cells(run));
  std::array<std::size_t, overview_columns> widths{};
  for (const Cells& cells : rows) {
    for (std::size_t i = 0; i < overview_columns; ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string text = overview_line(rows.front(), widths);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    text += overview_line(rows[i + 1], widths);
    if (!runs[i].remark.empty()) text += fmt::format("    {}\n", on_one_line(printable(runs[i].remark)));
  }
  return text + count_phases(runs);
}

std::string to_json(const std::vector<RunOverview>& runs) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunOverview& run : runs) list.push_back(overview_json(run));
  return json_text(list, 2) + "\n";
}

}  // namespace srwm
