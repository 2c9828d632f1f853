#include "report/report_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_number.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "report/csv.h"
#include "report/or_null.h"
#include "report/report_notes.h"
#include "report/sheet.h"
#include "report/sheet_text.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

/// `text` with every character that `replacements` knows replaced.
std::string escaped(std::string_view text, const std::map<char, std::string_view>& replacements) {
  std::string result;
  for (char c : text) {
    const auto found = replacements.find(c);
    if (found == replacements.end()) {
      result += c;
    } else {
      result += found->second;
    }
  }
  return result;
}

std::string for_markdown(std::string_view text) {
  return escaped(text, {{'|', "\\|"}, {'\n', " "}, {'<', "\\<"}});
}

ordered_json run_json(const RowReport& row, const RowRun& run) {
  const RunState& state = run.state;
  const ordered_json seed =
      is_safe_in_json(state.seed) ? ordered_json(state.seed) : ordered_json(std::to_string(state.seed));
  ordered_json object = {
      {"seed", seed}, {"folder", printable(state.folder.string())}, {"status", words_of(state.status)}};
  if (!state.remark.empty()) object["remark"] = printable(state.remark);
  if (is_runnable(run)) object["command"] = printable(command_for(row.row, run));
  if (state.status != RunStatus::complete) return object;
  object["figures"] = ordered_json::object();
  for (const auto& [measure, estimate] : state.figures) {
    add_estimate(object["figures"][measure.split], measure.name, estimate);
  }
  object["wall_seconds"] = state.wall_seconds;
  object["data_digest"] = state.data_digest;
  return object;
}

ordered_json summary_json(const Summary& summary) {
  return {{"n", summary.n},
          {"mean", or_null(summary.mean)},
          {"std", or_null(summary.std)},
          {"ci95", or_null(summary.ci95)}};
}

/// What is known of a measure, and what is published of it; nothing if there is neither.
ordered_json figure_json(const RowReport& row, const Measure& measure) {
  const auto published = row.row.published.find(measure);
  if (!row.figures.contains(measure) && published == row.row.published.end()) return {};
  ordered_json object = summary_json(row.figure(measure));
  if (published == row.row.published.end()) return object;
  object["published"] = published->second.value;
  object["source"] = published->second.source;
  return object;
}

ordered_json row_json(const Report& report, const RowReport& row) {
  const FiguresSpec& figures = row.row.figures();
  const Summary headline = row.figure(report.headline());
  ordered_json object = {{"label", printable(row.row.label)},
                         {"spec", printable(row.row.path.string())},
                         {"n", row.complete},
                         {"mean", or_null(headline.mean)},
                         {"std", or_null(headline.std)},
                         {"ci95", or_null(headline.ci95)},
                         {"expected", or_null(figures.expected)},
                         {"published", or_null(row.row.published_figure(report.headline()))},
                         {"source", source_of(row, report.headline())},
                         {"cost", figures.cost},
                         {"wall_seconds", row.complete > 0 ? ordered_json(row.wall_seconds) : ordered_json(nullptr)},
                         {"data_differs", row.data_differs}};
  object["figures"] = ordered_json::object();
  for (const Measure& measure : report.measures) {
    if (ordered_json figure = figure_json(row, measure); !figure.is_null()) {
      object["figures"][measure.split][measure.name] = std::move(figure);
    }
  }
  object["runs"] = ordered_json::array();
  for (const RowRun& run : row.runs) object["runs"].push_back(run_json(row, run));
  return object;
}

ordered_json other_json(const OtherFigures& other, const std::string& source) {
  ordered_json object = {{"label", other.label}, {"source", source}, {"figures", ordered_json::object()}};
  for (const auto& [measure, value] : other.figures) object["figures"][measure.split][measure.name] = value;
  return object;
}

template <typename List>
std::string joined(const List& cells, std::string_view separator, std::string (*form)(std::string_view)) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += fmt::format("{}{}", i > 0 ? separator : "", form(cells[i]));
  return line;
}

std::string csv_of(const Report& report, const RowReport& row, const Measure& measure) {
  const FiguresSpec& figures = row.row.figures();
  const bool compares = measure == report.headline();
  const Summary summary = row.figure(measure);
  return csv_line(report.table.folder.string(), row.row.label, row.row.path.string(), measure.split, measure.name,
                  std::int64_t{summary.n}, std::ssize(report.table.seeds), summary.mean, summary.std, summary.ci95,
                  compares ? figures.expected : std::nullopt, row.row.published_figure(measure),
                  source_of(row, measure), figures.cost);
}

/// "|---|--:|---|"
std::string markdown_rule(const std::string& alignment) {
  std::string rule = "|";
  for (char letter : alignment) rule += letter == 'r' ? "--:|" : "---|";
  return rule;
}

std::string markdown_of(const Report& report) {
  std::string text = fmt::format("## {}\n\n", report.table.title);
  if (!report.table.note.empty()) text += report.table.note + "\n\n";
  const std::vector<Sheet> sheets = sheets_of(report);
  for (std::size_t i = 0; i < sheets.size(); ++i) {
    const bool is_new = i > 0 && sheets[i].note != sheets[i - 1].note;  // said once, it holds for what follows
    text += (i > 0 ? "\n" : "") + markdown_of(sheets[i], is_new);
  }
  std::vector<Measure> compared;
  for (const Sheet& sheet : sheets) compared.insert(compared.end(), sheet.compared.begin(), sheet.compared.end());
  for (const std::string& line : sources(report, compared)) text += "\n" + line + "\n";
  std::string commands;
  for (const auto& [row, run] : missing_runs(report)) {
    commands += fmt::format("{}  # {}\n", command_for(row->row, *run), on_one_line(describe(*row, *run)));
  }
  if (!commands.empty()) text += fmt::format("\nWhat is missing comes from\n\n```sh\n{}```\n", commands);
  std::string reasons;
  for (const std::string& line : obstacles(report)) reasons += fmt::format("- {}\n", line);
  if (!reasons.empty()) text += "\n" + reasons;
  return text;
}

std::string csv_of(const Report& report) {
  std::string text;
  for (const RowReport& row : report.rows) {
    for (const Measure& measure : report.measures) {
      const bool is_known = row.figures.contains(measure) || row.row.published.contains(measure);
      if (is_known || measure == report.headline()) text += csv_of(report, row, measure);
    }
  }
  const std::string none;
  for (const OtherFigures& other : report.table.others) {
    for (const auto& [measure, value] : other.figures) {
      text += csv_line(report.table.folder.string(), other.label, none, measure.split, measure.name, none, none, none,
                       none, none, none, std::optional(value), report.table.others_source, none);
    }
  }
  return text;
}

ordered_json json_of(const Report& report) {
  const Measure headline = report.headline();
  ordered_json object = {{"title", printable(report.table.title)},
                         {"folder", printable(report.table.folder.string())},
                         {"headline", {{"split", headline.split}, {"figure", headline.name}}}};
  object["rows"] = ordered_json::array();
  for (const RowReport& row : report.rows) object["rows"].push_back(row_json(report, row));
  object["others"] = ordered_json::array();
  for (const OtherFigures& other : report.table.others) {
    object["others"].push_back(other_json(other, report.table.others_source));
  }
  return object;
}

std::string commands_of(const Report& report) {
  std::string text;
  for (const auto& [row, run] : missing_runs(report)) text += command_for(row->row, *run) + "\n";
  for (const std::string& line : obstacles(report)) text += "# " + on_one_line(line) + "\n";
  return text;
}

/// The texts of all reports, with `separator` between them.
std::string join(const std::vector<Report>& reports, std::string (*text_of)(const Report&), const char* separator) {
  std::string text;
  for (const Report& report : reports) text += (text.empty() ? "" : separator) + text_of(report);
  return text;
}

}  // namespace

std::string markdown_of(const Sheet& sheet, bool with_note) {
  std::string text = sheet.title.empty() ? "" : fmt::format("### {}\n\n", sheet.title);
  if (with_note) text += sheet.note + "\n\n";
  text += fmt::format("| {} |\n{}\n", joined(sheet.headings, " | ", for_markdown), markdown_rule(sheet.alignment));
  for (const auto& cells : sheet.rows) text += fmt::format("| {} |\n", joined(cells, " | ", for_markdown));
  return text;
}

std::string to_markdown(const std::vector<Report>& reports) {
  return join(reports, markdown_of, "\n");
}

std::string to_csv(const std::vector<Report>& reports) {
  return "table,row,spec,split,figure,n,seeds,mean,std,ci95,expected,published,source,cost\n" +
         join(reports, csv_of, "");
}

std::string to_json(const std::vector<Report>& reports) {
  auto all = ordered_json::array();
  for (const Report& report : reports) all.push_back(json_of(report));
  return json_text(all.size() == 1 ? all.front() : all, 2) + "\n";
}

std::string to_commands(const std::vector<Report>& reports) {
  return join(reports, commands_of, "");
}

}  // namespace srwm
