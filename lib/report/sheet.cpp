#include "report/sheet.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include <fmt/core.h>

#include "run/progress.h"

namespace srwm {
namespace {

constexpr const char* what_cells_hold =
    "Means over seeds ± half the 95 % interval over episodes (standard deviation over seeds).";

/// As people read a figure of the measure of a task, which has to live as long as the columns.
std::string shown(std::string_view task, const Measure& measure, const std::optional<double>& value) {
  return value ? fmt::format("{:.2f}", is_fraction(task, measure) ? 100 * *value : *value) : dash;
}

/// "12.30 ±0.40 (0.25)"
std::string shown(std::string_view task, const Measure& measure, const Summary& summary) {
  std::string text = shown(task, measure, summary.mean);
  if (summary.ci95) text += " ±" + shown(task, measure, summary.ci95);
  if (summary.std) text += fmt::format(" ({})", shown(task, measure, summary.std));
  return text;
}

/// "test1" -> "test 1"
std::string words_of_split(const std::string& split) {
  if (split == "train") return split;
  if (split == "test") return "all tests";
  return "test " + split.substr(4);
}

/// Splits with a measure of that name, that of all tests together last.
std::vector<std::string> splits_with(const Report& report, const std::string& name) {
  std::vector<std::string> splits;
  for (const Measure& measure : report.measures) {
    if (measure.name == name && measure.split != "validation") splits.push_back(measure.split);
  }
  std::stable_partition(splits.begin(), splits.end(), [](const std::string& split) { return split != "test"; });
  return splits;
}

std::vector<std::string> games_of(const Report& report) {
  std::vector<std::string> games;
  for (const Measure& measure : report.measures) {
    if (measure.split == "test" && !is_fraction(report.table.task, measure) && measure.name != "mean_return") {
      games.push_back(measure.name);
    }
  }
  return games;
}

/// What the reader's own runs took on average; as long as there are none, what the spec says of its author's.
std::string cost_of(const RowReport& row) {
  if (row.complete > 0) return format_duration(row.wall_seconds);
  return row.row.figures().cost.empty() ? dash : row.row.figures().cost;
}

struct Column {
  std::string heading;
  char alignment;
  std::function<std::string(const RowReport&)> cell;
  std::optional<Measure> of_others;  ///< what stands there of others' methods
};

/// A row for each of the table's, and for each of others' that has a figure for one of the columns.
Sheet make_sheet(const Report& report, const std::string& title, const std::vector<Column>& columns) {
  Sheet sheet{.title = title, .note = "", .alignment = "l", .headings = {""}, .rows = {}, .compared = {}};
  for (const Column& column : columns) {
    sheet.headings.push_back(column.heading);
    sheet.alignment += column.alignment;
    if (column.of_others) sheet.compared.push_back(*column.of_others);
  }
  for (const RowReport& row : report.rows) {
    sheet.rows.push_back({row.row.label});
    for (const Column& column : columns) sheet.rows.back().push_back(column.cell(row));
  }
  const std::string_view task = report.table.task;
  for (const OtherFigures& other : report.table.others) {
    const auto shows = [&](const Column& c) { return c.of_others && other.figures.contains(*c.of_others); };
    if (std::ranges::none_of(columns, shows)) continue;
    sheet.rows.push_back({other.label});
    for (const Column& column : columns) {
      sheet.rows.back().push_back(shows(column) ? shown(task, *column.of_others, other.figures.at(*column.of_others))
                                                : dash);
    }
  }
  return sheet;
}

std::string title_of(std::string_view task, const Measure& headline) {
  if (headline.name == "accuracy") return "";
  return is_fraction(task, headline) ? "Normalized score, mean over games, %" : "Mean return, mean over games";
}

/// What is published of the rows, and of others' methods.
Column published_column(std::string_view task, const std::string& heading, const Measure& measure) {
  return {heading, 'r', [=](const RowReport& row) { return shown(task, measure, row.row.published_figure(measure)); },
          measure};
}

Sheet main_sheet(const Report& report) {
  const std::string_view task = report.table.task;
  const Measure headline = report.headline();
  const auto number = [task, headline](const std::string& heading, std::optional<double> Summary::*part) {
    return Column{
        heading, 'r', [=](const RowReport& row) { return shown(task, headline, row.figure(headline).*part); }, {}};
  };
  std::vector<Column> columns{
      {"n", 'r', [](const RowReport& row) { return fmt::format("{} of {}", row.complete, row.runs.size()); }, {}}};
  for (const std::string& split : splits_with(report, headline.name)) {
    const Measure measure{split, headline.name};
    if (measure == headline) continue;
    columns.push_back({words_of_split(split),
                       'r',
                       [=](const RowReport& row) { return shown(task, measure, row.figure(measure).mean); },
                       {}});
  }
  const std::string unit = is_fraction(task, headline) ? ", %" : "";
  columns.push_back(number(headline.name == "accuracy" ? "accuracy, %" : "all tests", &Summary::mean));
  columns.push_back(number("std over seeds", &Summary::std));
  columns.push_back({"95 % interval over episodes",
                     'r',
                     [=](const RowReport& row) {
                       const Summary summary = row.figure(headline);
                       return summary.ci95 ? "±" + shown(task, headline, summary.ci95) : dash;
                     },
                     {}});
  columns.push_back({"expected" + unit,
                     'r',
                     [=](const RowReport& row) { return shown(task, headline, row.row.figures().expected); },
                     {}});
  columns.push_back(published_column(task, "published" + unit, headline));
  columns.push_back({"cost of a run", 'l', cost_of, {}});
  return make_sheet(report, title_of(task, headline), columns);
}

/// A column with mean, interval and deviation, and after it one with what is published of the rows, if anything is.
void add_columns(std::vector<Column>& columns, const Report& report, const std::string& heading,
                 const Measure& measure) {
  const std::string_view task = report.table.task;
  const bool is_published = report.has_published(measure);
  columns.push_back({heading, 'r',
                     [task, measure](const RowReport& row) { return shown(task, measure, row.figure(measure)); },
                     is_published ? std::nullopt : std::optional(measure)});
  if (is_published) columns.push_back(published_column(task, "published", measure));
}

/// Whether the constants of the published code give any other score than those of the paper.
bool constants_differ(const Report& report) {
  return std::ranges::any_of(report.measures, [&](const Measure& measure) {
    const Measure by_code{measure.split, "normalised_code"};
    return measure.name == "normalised_paper" && std::ranges::any_of(report.rows, [&](const RowReport& row) {
             return row.figure(measure).mean != row.figure(by_code).mean;
           });
  });
}

Sheet sheet_by_code(const Report& report) {
  std::vector<Column> columns;
  for (const std::string& split : splits_with(report, "normalised_code")) {
    add_columns(columns, report, words_of_split(split), {split, "normalised_code"});
  }
  return make_sheet(report, "Normalized score by the constants of the published code, mean over games, %", columns);
}

/// The returns of all games on a split; none if nothing is known of it.
std::optional<Sheet> returns_sheet(const Report& report, const std::string& split) {
  const std::vector<std::string> games = games_of(report);
  if (std::ranges::none_of(games, [&](const std::string& game) { return report.has({split, game}); })) return {};
  std::vector<Column> columns;
  for (const std::string& game : games) add_columns(columns, report, game, {split, game});
  if (games.size() > 1) add_columns(columns, report, "mean", {split, "mean_return"});
  return make_sheet(report, "Mean return, " + words_of_split(split), columns);
}

/// The orders of the table's sequences of two tasks, each once.
std::vector<SequenceMeasures> sequences_of(const Report& report) {
  std::vector<SequenceMeasures> sequences;
  for (const RowReport& row : report.rows) {
    for (SequenceMeasures& sequence : sequence_measures_of(*row.row.specs.front().spec)) {
      if (std::ranges::find(sequences, sequence) == sequences.end()) sequences.push_back(std::move(sequence));
    }
  }
  return sequences;
}

/// The accuracies on both tasks of a sequence; none if nothing is known of them.
std::optional<Sheet> sequence_sheet(const Report& report, const SequenceMeasures& sequence) {
  const auto& [first, second] = sequence.by_task;
  if (!report.has(first) && !report.has(second) && !report.has(sequence.whole)) return {};
  std::vector<Column> columns;
  for (std::size_t task = 0; task < 2; ++task) {
    add_columns(columns, report, sequence.tasks[task], sequence.by_task[task]);
  }
  add_columns(columns, report, "both", sequence.whole);
  return make_sheet(report, fmt::format("Accuracy, {}, %", sequence.order), columns);
}

}  // namespace

std::vector<Sheet> sheets_of(const Report& report) {
  std::vector<Sheet> sheets{main_sheet(report)};
  if (constants_differ(report)) sheets.push_back(sheet_by_code(report));
  std::vector<std::string> splits = splits_with(report, "mean_return");
  if (!splits.empty()) std::rotate(splits.begin(), splits.end() - 1, splits.end());  // what others publish first
  for (const std::string& split : splits) {
    if (std::optional<Sheet> returns = returns_sheet(report, split)) sheets.push_back(std::move(*returns));
  }
  for (const SequenceMeasures& sequence : sequences_of(report)) {
    if (std::optional<Sheet> tasks = sequence_sheet(report, sequence)) sheets.push_back(std::move(*tasks));
  }
  for (std::size_t i = 1; i < sheets.size(); ++i) sheets[i].note = what_cells_hold;
  return sheets;
}

}  // namespace srwm
