#include "report/sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "core/error.h"
#include "io/shell_path.h"
#include "report/json_file.h"
#include "run/run_folder.h"
#include "tasks/task_table.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view sweep_keys[] = {"name", "comment", "base", "fixed", "grid"};
constexpr std::int64_t most_tasks = 100000;

std::string setting(const std::string& key, const ordered_json& value) {
  return key + "=" + value.dump();
}

/// Refuses large whole numbers with a point or an exponent: reading them has rounded them already.
void check_exact(JsonFile& file, const std::string& key, const ordered_json& value) {
  if (value.is_structured()) {
    for (const ordered_json& item : value) check_exact(file, key, item);
  } else if (value.is_number_float()) {
    constexpr double exact = 9007199254740992.0, largest = 18446744073709551616.0;  // 2^53, 2^64
    const double size = std::abs(value.get<double>());
    if (size >= exact && size < largest) file.must_be(key, "written without point and exponent", value);
  }
}

std::vector<SweepAxis> read_grid(JsonFile& file) {
  std::vector<SweepAxis> grid;
  for (const auto& [key, values] : file.object("grid").items()) {
    if (key == "task") {
      file.problems().add("", "grid.task", "cannot vary within a sweep; give each task a sweep of its own.");
    } else if (values.is_array() && !values.empty()) {
      check_exact(file, "grid." + key, values);
      grid.push_back({key, values.get<std::vector<ordered_json>>()});
    } else {
      file.must_be("grid." + key, "a list of values", values);
    }
  }
  return grid;
}

/// The name must be one that a spec may have, with a number behind it.
void check_name(JsonFile& file, const std::string& name) {
  constexpr std::size_t longest = 90;
  if (!name.empty() && (!keeps_rule(TextRule::name, name) || name.size() > longest)) {
    file.must_be("name", "text of 1 to 90 letters, digits, '-', '_' and '.' that begins with a letter or digit", name);
  }
}

void check_size(JsonFile& file, const std::vector<SweepAxis>& grid) {
  std::int64_t size = 1;
  for (const SweepAxis& axis : grid) {
    size = std::min(size * static_cast<std::int64_t>(axis.values.size()), most_tasks + 1);
  }
  if (size > most_tasks) file.problems().add("", "grid", "The grid has more than 100,000 combinations.");
  if (grid.empty()) file.problems().add("", "grid", "is missing; it must be an object of lists.");
}

/// The two figures that a summary shows.
struct Shown {
  Measure choice, test;
};

Shown shown_of(const Sweep& sweep, const std::vector<SweepOutcome>& outcomes) {
  const Measure normalized = test_measure(sweep.kind, /*has_normalized=*/true);
  const bool has_normalized = std::ranges::any_of(
      outcomes, [&](const SweepOutcome& outcome) { return outcome.run.figure(normalized).has_value(); });
  return {choice_measure(sweep.kind, has_normalized), test_measure(sweep.kind, has_normalized)};
}

/// Of two complete runs; one without figures comes last.
bool is_better(const RunState& a, const RunState& b, const Shown& shown) {
  const auto figure_of = [&](const RunState& run) {
    const std::optional<Estimate> choice = run.figure(shown.choice), test = run.figure(shown.test);
    return choice ? choice->value : test ? test->value : -std::numeric_limits<double>::infinity();
  };
  return figure_of(a) > figure_of(b);
}

std::string in_words(std::string_view task, const RunState& run, const Measure& measure) {
  const std::optional<Estimate> figure = run.figure(measure);
  return figure ? fmt::format("{:.2f}", is_fraction(task, measure) ? 100 * figure->value : figure->value) : "-";
}

/// "validation %", "train"
std::string heading_of(std::string_view task, const Measure& measure) {
  return measure.split + (is_fraction(task, measure) ? " %" : "");
}

}  // namespace

std::int64_t Sweep::size() const {
  std::int64_t size = 1;
  for (const SweepAxis& axis : grid) size *= static_cast<std::int64_t>(axis.values.size());
  return size;
}

SweepTask Sweep::task(std::int64_t number) const {
  if (number < 1 || number > size()) {
    throw UsageError("There is no task {}: the sweep has tasks 1 to {}.", number, size());
  }
  const std::size_t digits = std::max<std::size_t>(3, fmt::to_string(size()).size());
  SweepTask task{.number = number, .name = fmt::format("{}-{:0{}}", name, number, digits), .overrides = fixed};
  std::int64_t rest = number - 1;
  for (std::size_t i = grid.size(); i-- > 0;) {
    const SweepAxis& axis = grid[i];
    const auto count = static_cast<std::int64_t>(axis.values.size());
    const std::string text = setting(axis.key, axis.values[static_cast<std::size_t>(rest % count)]);
    task.settings = task.settings.empty() ? text : text + " " + task.settings;
    task.overrides.insert(task.overrides.begin() + static_cast<std::ptrdiff_t>(fixed.size()), text);
    rest /= count;
  }
  task.overrides.push_back("name=" + task.name);
  return task;
}

Sweep load_sweep(const std::filesystem::path& path) {
  JsonFile file(path, "sweep");
  file.check_names(sweep_keys);
  Sweep sweep{.name = file.text("name"), .comment = file.text("comment", "")};
  sweep.base = path.parent_path() / expand_home(file.text("base"));
  for (const auto& [key, value] : file.object("fixed").items()) sweep.fixed.push_back(setting(key, value));
  sweep.grid = read_grid(file);
  check_name(file, sweep.name);
  check_size(file, sweep.grid);
  file.check();
  for (std::int64_t number = 1; number <= sweep.size(); ++number) {
    sweep.kind = load_any_spec(sweep.base, sweep.task(number).overrides)->task();
  }
  return sweep;
}

SweepOutcome find_outcome(const Sweep& sweep, std::int64_t number, const std::filesystem::path& runs_dir,
                          std::optional<std::uint64_t> seed) {
  SweepTask task = sweep.task(number);
  const std::unique_ptr<AnySpec> spec = load_any_spec(sweep.base, task.overrides);
  spec->seed = seed.value_or(spec->seed);
  RunState run = read_run(runs_dir / default_run_folder(spec->name, spec->seed).filename(), *spec);
  return {std::move(task), std::move(run)};
}

std::string list_tasks(const Sweep& sweep) {
  std::string text;
  for (std::int64_t number = 1; number <= sweep.size(); ++number) {
    const SweepTask task = sweep.task(number);
    text += fmt::format("{:>5}  {}  {}\n", number, task.name, task.settings);
  }
  return text;
}

std::string summarise(const Sweep& sweep, std::vector<SweepOutcome> outcomes) {
  const Shown shown = shown_of(sweep, outcomes);
  const auto is_complete = [](const SweepOutcome& outcome) { return outcome.run.status == RunStatus::complete; };
  const auto incomplete = std::stable_partition(outcomes.begin(), outcomes.end(), is_complete);
  std::stable_sort(outcomes.begin(), incomplete,
                   [&](const SweepOutcome& a, const SweepOutcome& b) { return is_better(a.run, b.run, shown); });
  std::string text = fmt::format("{:>5}  {:>14}  {:>8}  {}\n", "task", heading_of(sweep.kind, shown.choice),
                                 heading_of(sweep.kind, shown.test), "settings");
  for (const auto& [task, run] : outcomes) {
    text += fmt::format("{:>5}  {:>14}  {:>8}  {}", task.number, in_words(sweep.kind, run, shown.choice),
                        in_words(sweep.kind, run, shown.test), task.settings);
    if (run.status != RunStatus::complete) {
      text += fmt::format("  ({}{}{})", words_of(run.status), run.remark.empty() ? "" : ", ", run.remark);
    }
    text += "\n";
  }
  return text;
}

}  // namespace srwm
