#include "report/comparison_text.h"

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "core/utf8.h"
#include "report/csv.h"
#include "report/or_null.h"
#include "report/report_notes.h"
#include "report/sheet_text.h"
#include "run/progress.h"
#include "run/result.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

/// Values of the comparison as people read them.
struct Form {
  bool is_fraction;

  std::string number(double value) const { return fmt::format("{:.2f}", is_fraction ? 100 * value : value); }
  std::string number(const std::optional<double>& value) const { return value ? number(*value) : dash; }
  std::string width(const std::optional<double>& value) const { return value ? "±" + number(*value) : dash; }
  std::string signed_number(double value) const { return fmt::format("{:+.2f}", is_fraction ? 100 * value : value); }
  /// "accuracy, %"
  std::string heading(const std::string& name) const { return name + (is_fraction ? ", %" : ""); }
};

Form form_of(const RunComparison& comparison) {
  return {is_fraction(comparison.task, comparison.measure)};
}

/// "0.031", "<0.001"
std::string p_text(double p) {
  return p < 0.001 ? "<0.001" : fmt::format("{:.3f}", p);
}

/// "±0.40 (p = 0.031)"
std::string test_text(const Form& form, const std::optional<TestedMean>& tested) {
  if (!tested) return dash;
  const std::string p = p_text(tested->p_value);
  return fmt::format("±{} (p {}{})", form.number(tested->half_width), p.front() == '<' ? "" : "= ", p);
}

/// "2,400 (3 of 3)"
std::string steps_to_text(const ComparedGroup& group) {
  const std::string steps = group.steps_to ? format_count(std::llround(*group.steps_to)) : dash;
  return fmt::format("{} ({} of {})", steps, group.reached, group.runs.size());
}

/// "accuracy", "validation accuracy", "mean_return"
std::string name_for_people(const Measure& measure) {
  return measure.split == "test" ? measure.name : measure.split + " " + measure.name;
}

Sheet groups_sheet(const RunComparison& comparison) {
  const Form form = form_of(comparison);
  const std::string name = name_for_people(comparison.measure);
  Sheet sheet{.title = "", .note = "", .alignment = "lrrrrr", .headings = {"", "n"}, .rows = {}, .compared = {}};
  for (const char* heading :
       {name.c_str(), "std over seeds", "95 % interval over seeds", "95 % interval over episodes"}) {
    sheet.headings.push_back(heading == name ? form.heading(name) : heading);
  }
  const bool has_area = comparison.last_step > comparison.first_step;
  if (has_area) sheet.headings.emplace_back("mean of the curve");
  if (comparison.threshold) sheet.headings.push_back("steps to " + form.number(*comparison.threshold));
  sheet.alignment.resize(sheet.headings.size(), 'r');
  for (const ComparedGroup& group : comparison.groups) {
    sheet.rows.push_back({group.label, fmt::to_string(group.runs.size()), form.number(group.mean),
                          form.number(group.deviation), form.width(group.half_width), form.width(group.episodes_ci95)});
    if (has_area) sheet.rows.back().push_back(form.number(group.area));
    if (comparison.threshold) sheet.rows.back().push_back(steps_to_text(group));
  }
  return sheet;
}

Sheet differences_sheet(const RunComparison& comparison) {
  const Form form = form_of(comparison);
  Sheet sheet{.title = fmt::format("Difference from {}", comparison.groups.front().label),
              .note = "",
              .alignment = "lrrr",
              .headings = {"", form.heading("difference"), "over seeds", "over the same test episodes"},
              .rows = {},
              .compared = {}};
  for (const GroupDifference& difference : comparison.differences) {
    sheet.rows.push_back({comparison.groups[difference.group].label, form.signed_number(difference.value),
                          test_text(form, difference.over_seeds), test_text(form, difference.over_episodes)});
  }
  return sheet;
}

/// What the tables show, in sentences.
std::vector<std::string> notes_of(const RunComparison& comparison) {
  std::vector<std::string> notes;
  if (!comparison.keys.empty()) notes.push_back(fmt::format("Groups by {}.", fmt::join(comparison.keys, ", ")));
  notes.emplace_back(
      "n: complete runs. Intervals over seeds are Student's; those over episodes are the mean of the runs' own.");
  if (comparison.last_step > comparison.first_step) {
    notes.push_back(fmt::format("The mean of the curve is that of the {} from step {} to {}.",
                                comparison.curve_of == "train" ? "training reports" : "validations",
                                format_count(comparison.first_step), format_count(comparison.last_step)));
  }
  if (comparison.differences.empty()) return notes;
  notes.emplace_back(
      "± is half a 95 % interval; over seeds by Welch's test, over episodes by the paired test of the means over the "
      "runs, which takes the trained models as given.");
  return notes;
}

ordered_json comparison_json(const std::optional<TestedMean>& tested) {
  if (!tested) return nullptr;
  return {{"half_width", tested->half_width}, {"p_value", tested->p_value}};
}

ordered_json comparison_json(const ComparedRun& run) {
  return {{"folder", printable(run.state.folder.string())},
          {"seed", seed_as_json(run.spec->seed)},
          {"value", run.value},
          {"area", or_null(run.area)},
          {"steps_to", or_null(run.steps_to)}};
}

ordered_json comparison_json(const ComparedGroup& group) {
  ordered_json object = {{"label", printable(group.label)},
                         {"n", group.runs.size()},
                         {"mean", group.mean},
                         {"std", or_null(group.deviation)},
                         {"half_width_seeds", or_null(group.half_width)},
                         {"ci95_episodes", or_null(group.episodes_ci95)},
                         {"area", or_null(group.area)},
                         {"steps_to", or_null(group.steps_to)},
                         {"reached", group.reached}};
  object["runs"] = ordered_json::array();
  for (const ComparedRun& run : group.runs) object["runs"].push_back(comparison_json(run));
  return object;
}

/// The part of a test that a column shows; empty if there was none.
std::optional<double> part_of(const std::optional<TestedMean>& tested, double TestedMean::*part) {
  return tested ? std::optional((*tested).*part) : std::nullopt;
}

}  // namespace

std::string to_markdown(const RunComparison& comparison) {
  std::string text = markdown_of(groups_sheet(comparison), /*with_note=*/false) + "\n";
  if (!comparison.differences.empty()) {
    text += markdown_of(differences_sheet(comparison), /*with_note=*/false) + "\n";
  }
  for (const std::string& note : notes_of(comparison)) text += note + "\n";
  for (const std::string& remark : comparison.remarks) text += fmt::format("- {}\n", printable(remark));
  return text;
}

std::string to_latex(const RunComparison& comparison) {
  std::string caption = fmt::format("{}", fmt::join(notes_of(comparison), " "));
  std::string text = latex_preamble + latex_of(groups_sheet(comparison), caption);
  if (!comparison.differences.empty()) {
    const Sheet sheet = differences_sheet(comparison);
    text += "\n" + latex_of(sheet, sheet.title + ".");
  }
  for (const std::string& remark : comparison.remarks) text += fmt::format("% {}\n", on_one_line(printable(remark)));
  return text;
}

std::string to_csv(const RunComparison& comparison) {
  std::string text =
      "group,n,mean,std,half_width_seeds,ci95_episodes,area,steps_to,reached,difference,difference_half_width_seeds,"
      "p_seeds,difference_half_width_episodes,p_episodes,episodes\n";
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    const ComparedGroup& group = comparison.groups[i];
    const GroupDifference none, &difference = i > 0 ? comparison.differences[i - 1] : none;
    text += csv_line(group.label, std::int64_t{std::ssize(group.runs)}, std::optional(group.mean), group.deviation,
                     group.half_width, group.episodes_ci95, group.area, group.steps_to, std::int64_t{group.reached},
                     i > 0 ? std::optional(difference.value) : std::nullopt,
                     part_of(difference.over_seeds, &TestedMean::half_width),
                     part_of(difference.over_seeds, &TestedMean::p_value),
                     part_of(difference.over_episodes, &TestedMean::half_width),
                     part_of(difference.over_episodes, &TestedMean::p_value), difference.episodes);
  }
  return text;
}

std::string to_json(const RunComparison& comparison) {
  ordered_json object = {{"task", comparison.task},           {"split", comparison.measure.split},
                         {"figure", comparison.measure.name}, {"keys", comparison.keys},
                         {"curve_of", comparison.curve_of},   {"first_step", comparison.first_step},
                         {"last_step", comparison.last_step}, {"threshold", or_null(comparison.threshold)}};
  object["groups"] = ordered_json::array();
  for (const ComparedGroup& group : comparison.groups) object["groups"].push_back(comparison_json(group));
  object["differences"] = ordered_json::array();
  for (const GroupDifference& difference : comparison.differences) {
    object["differences"].push_back({{"group", printable(comparison.groups[difference.group].label)},
                                     {"reference", printable(comparison.groups.front().label)},
                                     {"difference", difference.value},
                                     {"over_seeds", comparison_json(difference.over_seeds)},
                                     {"over_episodes", comparison_json(difference.over_episodes)},
                                     {"episodes", difference.episodes}});
  }
  object["remarks"] = ordered_json::array();
  for (const std::string& remark : comparison.remarks) object["remarks"].push_back(printable(remark));
  return json_text(object, 2) + "\n";
}

}  // namespace srwm
