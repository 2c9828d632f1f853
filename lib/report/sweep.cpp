#include "report/sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/ranges.h>

#include "core/error.h"
#include "core/json_text.h"
#include "core/rng.h"
#include "core/utf8.h"
#include "io/shell_path.h"
#include "report/json_file.h"
#include "report/or_null.h"
#include "run/run_folder.h"
#include "tasks/task_table.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view sweep_keys[] = {"name", "comment", "base", "fixed", "grid", "trials", "draw_seed", "seeds"};
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

/// {"from": 1e-4, "to": 1e-1, "scale": "log"}; none, and a problem, if it is something else.
std::optional<SweepRange> read_range(JsonFile& file, const std::string& member, const ordered_json& object) {
  constexpr std::string_view range_keys[] = {"from", "to", "scale", "whole"};
  const ordered_json from = object.value("from", ordered_json()), to = object.value("to", ordered_json());
  const ordered_json scale = object.value("scale", ordered_json("linear")),
                     whole = object.value("whole", ordered_json(false));
  const bool has_known_keys = std::ranges::all_of(object.items(), [&](const auto& item) {
    return std::ranges::find(range_keys, item.key()) != std::end(range_keys);
  });
  const bool is_range = has_known_keys && from.is_number() && to.is_number() && from < to && whole.is_boolean() &&
                        (scale == "linear" || (scale == "log" && from > 0));
  if (is_range) return SweepRange{from, to, scale == "log", whole};
  file.must_be(member,
               "a list of values, or a range {\"from\": 1e-4, \"to\": 1e-1, \"scale\": \"log\"} (or \"linear\"; "
               "\"whole\": true for whole numbers)",
               object);
  return std::nullopt;
}

std::vector<SweepAxis> read_grid(JsonFile& file) {
  std::vector<SweepAxis> grid;
  for (const auto& [key, values] : file.object("grid").items()) {
    const std::string member = "grid." + key;
    if (key == "task") {
      file.problems().add("", member, "cannot vary within a sweep; give each task a sweep of its own.");
    } else if (values.is_array() && !values.empty()) {
      check_exact(file, member, values);
      grid.push_back({key, values.get<std::vector<ordered_json>>(), std::nullopt});
    } else if (values.is_object()) {
      if (auto range = read_range(file, member, values)) grid.push_back({key, {}, range});
    } else {
      file.must_be(member, "a list of values", values);
    }
  }
  return grid;
}

/// A whole number from `least` on; `fallback` where there is none.
std::int64_t read_count(JsonFile& file, std::string_view member, std::int64_t least, std::int64_t fallback) {
  const ordered_json& value = file.value(member);
  if (value.is_null()) return fallback;
  if (value.is_number_integer() && value >= least && value <= most_tasks) return value;
  file.must_be(member, fmt::format("a whole number from {} to {}", least, most_tasks), value);
  return fallback;
}

std::vector<std::uint64_t> read_sweep_seeds(JsonFile& file, const std::vector<SweepAxis>& grid) {
  const ordered_json& list = file.value("seeds");
  if (list.is_null()) return {};
  const bool is_list = list.is_array() && !list.empty() &&
                       std::ranges::all_of(list, [](const ordered_json& seed) { return seed.is_number_unsigned(); });
  if (!is_list) file.must_be("seeds", "a list of integers of at least 0", list);
  if (std::ranges::find(grid, "seed", &SweepAxis::key) != grid.end()) {
    file.problems().add("", "seeds", "The grid varies the seed as well; keep one of the two.");
  }
  return is_list ? list.get<std::vector<std::uint64_t>>() : std::vector<std::uint64_t>();
}

/// The name must be one that a spec may have, with a number behind it.
void check_name(JsonFile& file, const std::string& name) {
  constexpr std::size_t longest = 90;
  if (!name.empty() && (!keeps_rule(TextRule::name, name) || name.size() > longest)) {
    file.must_be("name", "text of 1 to 90 letters, digits, '-', '_' and '.' that begins with a letter or digit", name);
  }
}

void check_size(JsonFile& file, const Sweep& sweep) {
  const auto has_range = [](const SweepAxis& axis) { return axis.range.has_value(); };
  if (sweep.trials == 0 && std::ranges::any_of(sweep.grid, has_range)) {
    file.problems().add("", "trials", "is missing; a grid with a range needs a number of random trials.");
  } else if (sweep.size() > most_tasks) {
    file.problems().add("", "grid", "The grid has more than 100,000 combinations.");
  }
  if (sweep.grid.empty()) file.problems().add("", "grid", "is missing; it must be an object of lists.");
}

/// The value of an axis in a random trial.
ordered_json drawn_value(const SweepAxis& axis, RandomSequence& random) {
  if (!axis.range) return axis.values[random.below(static_cast<std::uint32_t>(axis.values.size()))];
  const auto [from, to, is_logarithmic, is_whole] = *axis.range;
  const double value =
      is_logarithmic ? from * std::exp(random.uniform() * std::log(to / from)) : random.uniform(from, to);
  if (is_whole) return std::llround(value);
  return ordered_json::parse(fmt::format("{:.4g}", value));  // what people can read and write again
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

std::int64_t Sweep::combinations() const {
  if (trials > 0) return trials;
  std::int64_t count = 1;
  for (const SweepAxis& axis : grid) {
    count = std::min(count * static_cast<std::int64_t>(axis.values.size()), most_tasks + 1);
  }
  return count;
}

std::int64_t Sweep::size() const {
  return combinations() * std::max<std::int64_t>(1, std::ssize(seeds));
}

/// The settings of combination `index`, from 0.
std::vector<std::string> Sweep::settings_of(std::int64_t index) const {
  std::vector<std::string> settings(grid.size());
  std::int64_t rest = index;
  for (std::size_t i = grid.size(); i-- > 0;) {
    const SweepAxis& axis = grid[i];
    if (trials > 0) {
      RandomSequence random(draw_seed, Stream::split, static_cast<std::uint32_t>(index), std::uint64_t{i} << 32);
      settings[i] = setting(axis.key, drawn_value(axis, random));
    } else {
      const auto count = static_cast<std::int64_t>(axis.values.size());
      settings[i] = setting(axis.key, axis.values[static_cast<std::size_t>(rest % count)]);
      rest /= count;
    }
  }
  return settings;
}

SweepTask Sweep::task(std::int64_t number) const {
  if (number < 1 || number > size()) {
    throw UsageError("There is no task {}: the sweep has tasks 1 to {}.", number, size());
  }
  const std::int64_t seeds_each = std::max<std::int64_t>(1, std::ssize(seeds)), index = (number - 1) / seeds_each;
  const std::size_t digits = std::max<std::size_t>(3, fmt::to_string(combinations()).size());
  SweepTask task{.number = number, .name = fmt::format("{}-{:0{}}", name, index + 1, digits), .overrides = fixed};
  const std::vector<std::string> settings = settings_of(index);
  task.settings = fmt::format("{}", fmt::join(settings, " "));
  task.overrides.insert(task.overrides.end(), settings.begin(), settings.end());
  task.overrides.push_back("name=" + task.name);
  if (!seeds.empty()) {
    task.overrides.push_back(fmt::format("seed={}", seeds[static_cast<std::size_t>((number - 1) % seeds_each)]));
    task.settings += " " + task.overrides.back();
  }
  return task;
}

Sweep load_sweep(const std::filesystem::path& path) {
  JsonFile file(path, "sweep");
  file.check_names(sweep_keys);
  Sweep sweep{.name = file.text("name"), .comment = file.text("comment", "")};
  sweep.base = path.parent_path() / expand_home(file.text("base"));
  for (const auto& [key, value] : file.object("fixed").items()) sweep.fixed.push_back(setting(key, value));
  sweep.grid = read_grid(file);
  sweep.trials = read_count(file, "trials", 1, 0);
  sweep.draw_seed = static_cast<std::uint64_t>(read_count(file, "draw_seed", 0, 1));
  sweep.seeds = read_sweep_seeds(file, sweep.grid);
  check_name(file, sweep.name);
  check_size(file, sweep);
  file.check();
  for (std::int64_t number = 1; number <= sweep.size(); ++number) {
    sweep.kind = load_any_spec(sweep.base, sweep.task(number).overrides)->task();
  }
  return sweep;
}

SweepOutcome find_outcome(const Sweep& sweep, std::int64_t number, const std::filesystem::path& runs_dir) {
  SweepTask task = sweep.task(number);
  const std::unique_ptr<AnySpec> spec = load_any_spec(sweep.base, task.overrides);
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

std::string to_json(const Sweep& sweep, const std::vector<SweepOutcome>& outcomes) {
  const Shown shown = shown_of(sweep, outcomes);
  const auto value_in = [](const RunState& run, const Measure& measure) {
    const std::optional<Estimate> figure = run.figure(measure);
    return or_null(figure ? std::optional(figure->value) : std::nullopt);
  };
  ordered_json list = ordered_json::array();
  for (const auto& [task, run] : outcomes) {
    list.push_back({{"task", task.number},
                    {"name", task.name},
                    {"settings", printable(task.settings)},
                    {"folder", printable(run.folder.string())},
                    {"status", words_of(run.status)},
                    {"remark", printable(run.remark)},
                    {shown.choice.split, value_in(run, shown.choice)},
                    {shown.test.split, value_in(run, shown.test)}});
  }
  return json_text(list, 2) + "\n";
}

}  // namespace srwm
