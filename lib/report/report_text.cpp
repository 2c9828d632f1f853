#include "report/report_text.h"

#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "run/progress.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t num_columns = 8;
using Cells = std::array<std::string, num_columns>;
constexpr std::array<const char*, num_columns> headings = {"",
                                                           "n",
                                                           "accuracy, %",
                                                           "std over seeds",
                                                           "95 % interval over episodes",
                                                           "expected, %",
                                                           "published, %",
                                                           "cost of a run"};
constexpr const char* dash = "–";

std::string percent(const std::optional<double>& fraction) {
  return fraction ? fmt::format("{:.2f}", 100 * *fraction) : dash;
}

/// What the spec says of its cost, else what the runs took.
std::string cost_of(const RowReport& row) {
  if (!row.row.spec.figures.cost.empty()) return row.row.spec.figures.cost;
  return row.complete > 0 ? format_duration(row.wall_seconds) : dash;
}

std::vector<Cells> cells_of(const Report& report) {
  std::vector<Cells> rows;
  for (const RowReport& row : report.rows) {
    const FiguresSpec& figures = row.row.spec.figures;
    const std::string of_runs = fmt::format("{} of {}", row.complete, row.runs.size());
    rows.push_back({row.row.label, of_runs, percent(row.mean), percent(row.std),
                    row.ci95 ? "±" + percent(row.ci95) : dash, percent(figures.expected), percent(figures.published),
                    cost_of(row)});
  }
  for (const OtherFigure& other : report.table.others) {
    rows.push_back({other.label, dash, dash, dash, dash, dash, percent(other.accuracy), dash});
  }
  return rows;
}

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

std::string for_latex(std::string_view text) {
  std::string result = escaped(text, {{'&', "\\&"},
                                      {'%', "\\%"},
                                      {'$', "\\$"},
                                      {'#', "\\#"},
                                      {'_', "\\_"},
                                      {'{', "\\{"},
                                      {'}', "\\}"},
                                      {'~', "\\textasciitilde{}"},
                                      {'^', "\\textasciicircum{}"},
                                      {'\\', "\\textbackslash{}"},
                                      {'\n', " "}});
  for (const auto& [symbol, command] : {std::pair<std::string, std::string>{"±", "$\\pm$"}, {dash, "--"}}) {
    for (std::size_t at = 0; (at = result.find(symbol, at)) != std::string::npos;) {
      result.replace(at, symbol.size(), command);
    }
  }
  return result;
}

std::string for_csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  return '"' + escaped(text, {{'"', "\"\""}}) + '"';
}

bool is_runnable(const RunState& run) {
  return run.status == RunStatus::missing || run.status == RunStatus::unfinished;
}

/// "SRWM, seed 2: unfinished, step 1,200 of 300,000"
std::string status_line(const RowReport& row, const RunState& run) {
  return fmt::format("{}, seed {}: {}{}{}", row.row.label, run.seed, words_of(run.status),
                     run.remark.empty() ? "" : ", ", run.remark);
}

/// What keeps runs from counting, and what to do; a line each.
std::vector<std::string> obstacles(const Report& report) {
  std::vector<std::string> lines;
  for (const RowReport& row : report.rows) {
    for (const RunState& run : row.runs) {
      if (run.status == RunStatus::complete || is_runnable(run)) continue;
      lines.push_back(fmt::format("{}. It is not counted; move {} away, or choose another --runs-dir.",
                                  status_line(row, run), run.folder.string()));
    }
    if (row.data_differs) {
      lines.push_back(row.row.label +
                      ": the runs were made with different data (data_digest); compare them with care.");
    }
  }
  return lines;
}

/// Calls `use(row, run)` for each run that a command can produce; says whether there was one.
template <typename Use>
bool for_each_missing(const Report& report, const Use& use) {
  bool any = false;
  for (const RowReport& row : report.rows) {
    for (const RunState& run : row.runs) {
      if (!is_runnable(run)) continue;
      any = true;
      use(row, run);
    }
  }
  return any;
}

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json run_json(const RowReport& row, const RunState& run) {
  ordered_json object = {{"seed", run.seed}, {"folder", run.folder.string()}, {"status", words_of(run.status)}};
  if (!run.remark.empty()) object["remark"] = run.remark;
  if (is_runnable(run)) object["command"] = command_for(row.row, run);
  if (run.status != RunStatus::complete) return object;
  object["accuracy"] = or_null(run.accuracy);
  object["ci95"] = or_null(run.ci95);
  object["wall_seconds"] = run.wall_seconds;
  object["data_digest"] = run.data_digest;
  return object;
}

ordered_json row_json(const RowReport& row) {
  const FiguresSpec& figures = row.row.spec.figures;
  ordered_json object = {{"label", row.row.label},
                         {"spec", row.row.path.string()},
                         {"n", row.complete},
                         {"mean", or_null(row.mean)},
                         {"std", or_null(row.std)},
                         {"ci95", or_null(row.ci95)},
                         {"expected", or_null(figures.expected)},
                         {"published", or_null(figures.published)},
                         {"source", figures.source},
                         {"cost", figures.cost},
                         {"data_differs", row.data_differs}};
  object["runs"] = ordered_json::array();
  for (const RunState& run : row.runs) object["runs"].push_back(run_json(row, run));
  return object;
}

std::string for_csv(const std::optional<double>& value) {
  return value ? fmt::to_string(*value) : std::string();
}

template <typename List>
std::string joined(const List& cells, std::string_view separator, std::string (*form)(std::string_view)) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += fmt::format("{}{}", i > 0 ? separator : "", form(cells[i]));
  return line;
}

}  // namespace

std::string to_markdown(const Report& report) {
  std::string text = fmt::format("## {}\n\n", report.table.title);
  if (!report.table.note.empty()) text += report.table.note + "\n\n";
  text += fmt::format("| {} |\n|---|--:|--:|--:|--:|--:|--:|---|\n", joined(headings, " | ", for_markdown));
  for (const Cells& cells : cells_of(report)) text += fmt::format("| {} |\n", joined(cells, " | ", for_markdown));
  if (!report.table.others.empty())
    text += fmt::format("\nFigures of other methods: {}.\n", report.table.others_source);
  std::string commands;
  for_each_missing(report, [&](const RowReport& row, const RunState& run) {
    commands += fmt::format("{}  # {}\n", command_for(row.row, run), status_line(row, run));
  });
  if (!commands.empty()) text += fmt::format("\nWhat is missing comes from\n\n```sh\n{}```\n", commands);
  std::string reasons;
  for (const std::string& line : obstacles(report)) reasons += fmt::format("- {}\n", line);
  if (!reasons.empty()) text += "\n" + reasons;
  return text;
}

std::string to_latex(const Report& report) {
  std::string text = "\\begin{table}\n  \\centering\n  \\begin{tabular}{lrrrrrrl}\n    \\toprule\n";
  text += fmt::format("    {} \\\\\n    \\midrule\n", joined(headings, " & ", for_latex));
  for (const Cells& cells : cells_of(report)) text += fmt::format("    {} \\\\\n", joined(cells, " & ", for_latex));
  text += "    \\bottomrule\n  \\end{tabular}\n";
  text += fmt::format("  \\caption{{{}}}\n\\end{{table}}\n", for_latex(report.table.title));
  for_each_missing(report, [&](const RowReport& row, const RunState& run) {
    text += fmt::format("% {}: {}\n", status_line(row, run), command_for(row.row, run));
  });
  for (const std::string& line : obstacles(report)) text += fmt::format("% {}\n", line);
  return text;
}

std::string to_csv(const Report& report) {
  std::string text = "row,spec,n,seeds,mean,std,ci95,expected,published,source,cost\n";
  for (const RowReport& row : report.rows) {
    const FiguresSpec& figures = row.row.spec.figures;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", for_csv(row.row.label), for_csv(row.row.path.string()),
                        row.complete, row.runs.size(), for_csv(row.mean), for_csv(row.std), for_csv(row.ci95),
                        for_csv(figures.expected), for_csv(figures.published), for_csv(figures.source),
                        for_csv(figures.cost));
  }
  for (const OtherFigure& other : report.table.others) {
    text +=
        fmt::format("{},,,,,,,,{},{},\n", for_csv(other.label), other.accuracy, for_csv(report.table.others_source));
  }
  return text;
}

std::string to_json(const Report& report) {
  ordered_json object = {{"title", report.table.title}, {"folder", report.table.folder.string()}};
  object["rows"] = ordered_json::array();
  for (const RowReport& row : report.rows) object["rows"].push_back(row_json(row));
  object["others"] = ordered_json::array();
  for (const OtherFigure& other : report.table.others) {
    object["others"].push_back(
        {{"label", other.label}, {"published", other.accuracy}, {"source", report.table.others_source}});
  }
  return object.dump(2) + "\n";
}

std::string to_commands(const Report& report) {
  std::string text;
  for_each_missing(report,
                   [&](const RowReport& row, const RunState& run) { text += command_for(row.row, run) + "\n"; });
  for (const std::string& line : obstacles(report)) text += "# " + line + "\n";
  return text;
}

}  // namespace srwm
