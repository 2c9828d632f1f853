#include "report/comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "report/run_overview.h"
#include "run/run_folder.h"
#include "run/test_episodes.h"
#include "spec/differences.h"
#include "spec/names.h"
#include "spec/print.h"
#include "tasks/task_table.h"

namespace srwm {
namespace {

/// What does not make another group: runs that differ in these alone repeat each other.
std::vector<std::string_view> keys_of_repetitions() {
  std::vector<std::string_view> keys(std::begin(without_influence), std::end(without_influence));
  keys.insert(keys.end(), {"seed", "name"});
  return keys;
}

/// Reads complete runs; says why the others do not count.
class RunReader {
 public:
  explicit RunReader(std::vector<std::string>& remarks) : remarks_(remarks) {}

  void read(const std::filesystem::path& folder) {
    std::shared_ptr<const AnySpec> spec;
    try {
      spec = parse_any_spec_text(RunPaths{folder}.read_spec(), "its spec");
    } catch (const Error&) {
      return leave_out(folder, "its spec cannot be read by this version");
    }
    RunState state = read_run(folder, *spec);
    if (state.status != RunStatus::complete) {
      return leave_out(folder, words_of(state.status) + (state.remark.empty() ? "" : ", " + state.remark));
    }
    for (const ComparedRun& other : runs_) {
      if (!repeats(*other.spec, *spec)) continue;
      return leave_out(folder, fmt::format("it has the spec and the seed of {}", other.state.folder.string()));
    }
    runs_.push_back({.state = std::move(state), .spec = std::move(spec)});
  }

  std::vector<ComparedRun> take() { return std::move(runs_); }

 private:
  void leave_out(const std::filesystem::path& folder, const std::string& why) {
    remarks_.push_back(fmt::format("{} does not count: {}.", folder.string(), why));
  }

  static bool repeats(const AnySpec& a, const AnySpec& b) {
    return a.task() == b.task() && a.seed == b.seed && differences(a, b, keys_of_repetitions()).empty();
  }

  std::vector<std::string>& remarks_;
  std::vector<ComparedRun> runs_;
};

void check_same_task(const std::vector<ComparedRun>& runs) {
  for (const ComparedRun& run : runs) {
    if (run.spec->task() == runs.front().spec->task()) continue;
    throw UsageError("{} is a run of srwm train-{}, but {} is one of srwm train-{}. Compare runs of one task.",
                     run.state.folder.string(), run.spec->task(), runs.front().state.folder.string(),
                     runs.front().spec->task());
  }
}

bool has_figure(const ComparedRun& run, const Measure& measure) {
  return run.state.figure(measure).has_value();
}

/// What the runs are compared by: of the headline of the test and of what settings are chosen by, normalized or not,
/// the first that all of them have; else the first that any has.
Measure measure_of(const std::vector<ComparedRun>& runs) {
  const std::string_view task = runs.front().spec->task();
  const Measure candidates[] = {test_measure(task, /*has_normalized=*/true), test_measure(task, false),
                                choice_measure(task, true), choice_measure(task, false)};
  for (const Measure& measure : candidates) {
    if (std::ranges::all_of(runs, [&](const ComparedRun& run) { return has_figure(run, measure); })) return measure;
  }
  for (const Measure& measure : candidates) {
    if (std::ranges::any_of(runs, [&](const ComparedRun& run) { return has_figure(run, measure); })) return measure;
  }
  throw UsageError(
      "The runs have neither a test nor validations to compare. Set test.episodes, and continue them with "
      "--resume.");
}

/// Leaves out runs without the measure.
void keep_runs_with(const Measure& measure, std::vector<ComparedRun>& runs, std::vector<std::string>& remarks) {
  std::erase_if(runs, [&](const ComparedRun& run) {
    if (has_figure(run, measure)) return false;
    remarks.push_back(
        fmt::format("{} does not count: it has no {} {}.", run.state.folder.string(), measure.split, measure.name));
    return true;
  });
}

void read_values(std::vector<ComparedRun>& runs, const Measure& measure) {
  for (ComparedRun& run : runs) {
    run.value = run.state.figure(measure)->value;
    const bool is_tested = measure.split == test_measure(run.spec->task(), /*has_normalized=*/false).split;
    if (is_tested) run.by_episode = read_test_episodes({run.state.folder}).value_or(std::vector<double>());
  }
}

/// The fields of `keys` that are named, by themselves or by their group.
std::vector<const Field*> named_fields(const SpecKeys& keys, const std::vector<std::string>& names) {
  std::vector<const Field*> fields;
  for (const std::string& name : names) {
    if (keys.find_field(name) != nullptr || keys.find_group(name) != nullptr) continue;
    const std::string_view nearest = nearest_key(keys, name);
    throw UsageError("--by {}: specs of the task {} have no such key.{}", shown(name), keys.task(),
                     nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest));
  }
  for (const Field& field : keys.fields()) {
    const auto names_it = [&](const std::string& name) { return field.path == name || is_within(field.path, name); };
    if (std::ranges::any_of(names, names_it)) fields.push_back(&field);
  }
  return fields;
}

/// The fields in which any two of the runs differ.
std::vector<const Field*> differing_fields(const std::vector<ComparedRun>& runs) {
  std::set<std::string, std::less<>> paths;
  for (const ComparedRun& run : runs) {
    for (const SpecDifference& found : differences(*runs.front().spec, *run.spec, keys_of_repetitions())) {
      paths.insert(std::string(found.path));
    }
  }
  std::vector<const Field*> fields;
  for (const Field& field : runs.front().spec->keys().fields()) {
    if (paths.contains(field.path)) fields.push_back(&field);
  }
  return fields;
}

std::string key_value_text(const Field& field, const AnySpec& spec) {
  const nlohmann::ordered_json value = value_of(field, spec);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// "heads=8 rate=0.001": the keys with a meaning for this spec, by their last word where no two have the same.
std::string label_of(const std::vector<const Field*>& fields, const AnySpec& spec) {
  std::string label;
  for (const Field* field : fields) {
    if (!field->applies(spec)) continue;
    const auto same_leaf = [&](const Field* other) { return leaf_of(other->path) == leaf_of(field->path); };
    const bool is_unique = std::ranges::count_if(fields, same_leaf) == 1;
    label += fmt::format("{}{}={}", label.empty() ? "" : " ", is_unique ? leaf_of(field->path) : field->path,
                         key_value_text(*field, spec));
  }
  return label;
}

std::vector<ComparedGroup> make_groups(std::vector<ComparedRun> runs, const std::vector<const Field*>& fields) {
  std::vector<ComparedGroup> groups;
  for (ComparedRun& run : runs) {
    const std::string label = label_of(fields, *run.spec);
    auto group = std::ranges::find(groups, label, &ComparedGroup::label);
    if (group == groups.end()) group = groups.insert(group, {.label = label});
    group->runs.push_back(std::move(run));
  }
  if (groups.size() == 1 && groups.front().label.empty()) groups.front().label = groups.front().runs.front().spec->name;
  return groups;
}

/// Reads the curves of all runs, and what follows from them.
void read_curves(std::vector<ComparedRun>& runs, RunComparison& comparison) {
  const std::string metric = test_measure(comparison.task, /*has_normalized=*/false).name;
  for (const char* kind : {"validation", "train"}) {
    for (ComparedRun& run : runs) run.curve = read_curve({run.state.folder}, kind, metric);
    if (std::ranges::all_of(runs, [](const ComparedRun& run) { return run.curve.empty(); })) continue;
    comparison.curve_of = kind;
    break;
  }
  if (comparison.curve_of.empty()) return;
  bool is_first = true;
  for (const ComparedRun& run : runs) {
    if (run.curve.empty()) continue;
    const std::int64_t first = run.curve.front().step, last = run.curve.back().step;
    comparison.first_step = is_first ? first : std::max(comparison.first_step, first);
    comparison.last_step = is_first ? last : std::min(comparison.last_step, last);
    is_first = false;
  }
  for (ComparedRun& run : runs) {
    run.area = mean_height(run.curve, comparison.first_step, comparison.last_step);
    if (comparison.threshold) run.steps_to = first_step_at(run.curve, *comparison.threshold);
  }
}

std::optional<double> mean_or_none(const std::vector<double>& values) {
  return values.empty() ? std::nullopt : std::optional(mean(values));
}

std::vector<double> values_of(const ComparedGroup& group) {
  std::vector<double> values;
  for (const ComparedRun& run : group.runs) values.push_back(run.value);
  return values;
}

void summarise_group(ComparedGroup& group, const Measure& measure) {
  const std::vector<double> values = values_of(group);
  group.mean = mean(values);
  group.deviation = sample_deviation(values);
  if (const auto tested = tested_mean(values)) group.half_width = tested->half_width;
  std::vector<double> intervals, areas, steps;
  for (const ComparedRun& run : group.runs) {
    const std::optional<double> ci95 = run.state.figure(measure)->ci95;
    if (ci95) intervals.push_back(*ci95);
    if (run.area) areas.push_back(*run.area);
    if (run.steps_to) steps.push_back(static_cast<double>(*run.steps_to));
  }
  group.episodes_ci95 = mean_or_none(intervals);
  group.area = mean_or_none(areas);
  group.steps_to = mean_or_none(steps);
  group.reached = static_cast<int>(steps.size());
}

/// Why the two runs were not tested on the same episodes; empty if they were.
std::string why_not_paired(const ComparedRun& a, const ComparedRun& b) {
  const TaskType& type = type_of(*a.spec);
  if (type.test_keys.empty()) {
    return fmt::format("the task {} does not tell how single episodes went", a.spec->task());
  }
  for (const ComparedRun* run : {&a, &b}) {
    if (run->by_episode.empty()) return run->state.folder.string() + " has no test_episodes.h5";
  }
  if (a.state.data_digest != b.state.data_digest) return "the runs have different data";
  for (const SpecDifference& found : differences(*a.spec, *b.spec, {})) {
    if (std::ranges::find(type.test_keys, found.path) != type.test_keys.end()) {
      return fmt::format("the tests differ in {}", found.path);
    }
  }
  return a.by_episode.size() == b.by_episode.size() ? "" : "the tests have different numbers of episodes";
}

/// The mean over the runs of each episode.
std::vector<double> mean_episodes(const ComparedGroup& group) {
  std::vector<double> means(group.runs.front().by_episode.size(), 0.0);
  for (const ComparedRun& run : group.runs) {
    for (std::size_t i = 0; i < means.size(); ++i) {
      means[i] += run.by_episode[i] / static_cast<double>(group.runs.size());
    }
  }
  return means;
}

/// Says in `why` what keeps the groups from being paired.
std::optional<TestedMean> pair_episodes(const ComparedGroup& group, const ComparedGroup& reference, std::string& why) {
  const ComparedRun& first = reference.runs.front();
  for (const ComparedGroup* each : {&reference, &group}) {
    for (const ComparedRun& run : each->runs) {
      why = why_not_paired(first, run);
      if (!why.empty()) return std::nullopt;
    }
  }
  std::vector<double> differences = mean_episodes(group);
  const std::vector<double> of_reference = mean_episodes(reference);
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= of_reference[i];
  return tested_mean(differences);
}

void test_differences(RunComparison& comparison) {
  std::set<std::string> reasons;
  const ComparedGroup& reference = comparison.groups.front();
  for (std::size_t i = 1; i < comparison.groups.size(); ++i) {
    const ComparedGroup& group = comparison.groups[i];
    GroupDifference difference{.group = i, .value = group.mean - reference.mean};
    difference.over_seeds = tested_difference(values_of(group), values_of(reference));
    std::string why;
    difference.over_episodes = pair_episodes(group, reference, why);
    if (difference.over_episodes) {
      difference.episodes = static_cast<std::int64_t>(reference.runs.front().by_episode.size());
    }
    if (!why.empty()) reasons.insert(why);
    comparison.differences.push_back(difference);
  }
  for (const std::string& why : reasons) {
    comparison.remarks.push_back(fmt::format("Not paired by test episodes: {}.", why));
  }
}

}  // namespace

RunComparison compare_runs(const std::vector<std::filesystem::path>& folders, const CompareOptions& options) {
  RunComparison comparison;
  RunReader reader(comparison.remarks);
  for (const std::filesystem::path& folder : folders) {
    for (const std::filesystem::path& run : find_runs(folder)) reader.read(run);
  }
  std::vector<ComparedRun> runs = reader.take();
  if (runs.empty()) {
    throw UsageError("There is no complete run to compare.{}{}", comparison.remarks.empty() ? "" : "\n  ",
                     fmt::join(comparison.remarks, "\n  "));
  }
  check_same_task(runs);
  comparison.task = runs.front().spec->task();
  comparison.measure = measure_of(runs);
  keep_runs_with(comparison.measure, runs, comparison.remarks);
  comparison.threshold = options.threshold;
  read_values(runs, comparison.measure);
  read_curves(runs, comparison);
  const std::vector<const Field*> fields =
      options.by.empty() ? differing_fields(runs) : named_fields(runs.front().spec->keys(), options.by);
  for (const Field* field : fields) comparison.keys.emplace_back(field->path);
  comparison.groups = make_groups(std::move(runs), fields);
  for (ComparedGroup& group : comparison.groups) summarise_group(group, comparison.measure);
  test_differences(comparison);
  return comparison;
}

}  // namespace srwm
