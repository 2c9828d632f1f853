#include "report/report_notes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srwm {

bool is_runnable(const RowRun& run) {
  return run.state.status == RunStatus::missing || run.state.status == RunStatus::unfinished;
}

std::vector<std::pair<const RowReport*, const RowRun*>> missing_runs(const Report& report) {
  std::vector<std::pair<const RowReport*, const RowRun*>> missing;
  for (const RowReport& row : report.rows) {
    for (const RowRun& run : row.runs) {
      if (is_runnable(run)) missing.emplace_back(&row, &run);
    }
  }
  return missing;
}

std::vector<std::string> obstacles(const Report& report) {
  std::vector<std::string> lines;
  for (const RowReport& row : report.rows) {
    for (const RowRun& run : row.runs) {
      if (run.state.status == RunStatus::complete || is_runnable(run)) continue;
      lines.push_back(fmt::format("{}. It is not counted; move {} away, or choose another --runs-dir.",
                                  describe(row, run), run.state.folder.string()));
    }
    if (row.data_differs) {
      lines.push_back(row.row.label +
                      ": the runs were made with different data (data_digest); compare them with care.");
    }
  }
  return lines;
}

std::string source_of(const RowReport& row, const Measure& measure) {
  const auto published = row.row.published.find(measure);
  return published == row.row.published.end() ? "" : published->second.source;
}

std::vector<std::string> sources(const Report& report, const std::vector<Measure>& measures) {
  std::vector<std::string> found, sentences;
  bool has_others = false;
  for (const Measure& measure : measures) {
    for (const RowReport& row : report.rows) {
      const std::string source = source_of(row, measure);
      if (!source.empty() && std::ranges::find(found, source) == found.end()) found.push_back(source);
    }
    has_others = has_others || std::ranges::any_of(report.table.others, [&](const OtherFigures& other) {
                   return other.figures.contains(measure);
                 });
  }
  if (!found.empty()) sentences.push_back(fmt::format("Published figures: {}.", fmt::join(found, "; ")));
  if (has_others) sentences.push_back(fmt::format("Figures of other methods: {}.", report.table.others_source));
  return sentences;
}

std::string on_one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace srwm
