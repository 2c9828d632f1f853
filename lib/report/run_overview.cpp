#include "report/run_overview.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>

#include <fmt/core.h>

#include "core/error.h"
#include "io/file.h"
#include "run/log_reader.h"
#include "run/metrics_reader.h"
#include "run/progress.h"
#include "run/run_folder.h"
#include "run/run_lock.h"
#include "tasks/task_table.h"

namespace srwm {
namespace {

using nlohmann::json;

/// Reports that the speed of the steps is taken from: so many that a slow one among them does not matter much.
constexpr std::size_t recent_reports = 20;
/// A run whose lock cannot be seen is taken for running if it has written to its folder within this time.
constexpr double silence = 600;

bool is_run(const std::filesystem::path& folder) {
  const RunPaths paths{folder};
  std::error_code unknown;
  return std::filesystem::is_regular_file(paths.spec(), unknown) ||
         std::filesystem::is_regular_file(paths.metrics(), unknown);
}

void collect_runs(const std::filesystem::path& folder, std::vector<std::filesystem::path>& runs) {
  if (is_run(folder)) return runs.push_back(folder);
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (entry.is_directory(unreadable) && !entry.is_symlink(unreadable)) collect_runs(entry.path(), runs);
  }
}

/// None if the file is not there.
std::optional<double> seconds_since_written(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  if (error) return std::nullopt;
  const auto age = std::filesystem::file_time_type::clock::now() - written;
  return std::max(0.0, std::chrono::duration<double>(age).count());
}

std::optional<double> number_in(const json& line, const std::string& name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::optional<MetricAt> metric_in(const json& line, const std::string& name) {
  const std::optional<double> value = number_in(line, name);
  return value ? std::optional(MetricAt{*value, line.at("step").get<std::int64_t>()}) : std::nullopt;
}

void read_speed(const json& line, RunOverview& run) {
  constexpr std::string_view ending = "_per_second";
  for (const auto& [name, value] : line.items()) {
    if (!name.ends_with(ending) || !value.is_number()) continue;
    run.speed = value.get<double>();
    run.speed_unit = name.substr(0, name.size() - ending.size()) + "/s";
  }
}

/// By the reports from the first to the last; those of a run that began with the first are counted from its beginning.
void estimate_time_left(const std::vector<json>& reports, RunOverview& run) {
  if (reports.empty() || run.steps <= run.step) return;
  const bool from_start = reports.size() == 1;
  const json none = {{"step", 0}, {"seconds", 0}};
  const json& first = from_start ? none : reports.front();
  const std::optional<double> begin = number_in(first, "seconds"), end = number_in(reports.back(), "seconds");
  const double steps = static_cast<double>(run.step) - first.at("step").get<double>();
  if (!begin || !end || steps <= 0 || *end < *begin) return;
  run.seconds_left = (*end - *begin) / steps * static_cast<double>(run.steps - run.step);
}

void read_run_metrics(const RunPaths& paths, RunOverview& run) {
  const MetricsReader metrics(paths.metrics());
  const std::vector<json> reports = metrics.lines("train", recent_reports);
  const std::vector<json> validations = metrics.lines("validation");
  for (const json& line : validations) {
    const std::optional<MetricAt> metric = metric_in(line, run.measure.name);
    if (!metric) continue;
    run.last = metric;
    if (!run.best || metric->value > run.best->value) run.best = metric;
  }
  if (!reports.empty()) {
    run.step = reports.back().at("step").get<std::int64_t>();
    read_speed(reports.back(), run);
    if (!run.last) run.last = metric_in(reports.back(), run.measure.name);
  }
  if (!validations.empty()) run.step = std::max(run.step, validations.back().at("step").get<std::int64_t>());
  estimate_time_left(reports, run);
}

/// Also what the values of the run are: of a spec that cannot be read, accuracies.
void read_run_spec(const RunPaths& paths, RunOverview& run) {
  run.measure = all_tasks().front()->headline(/*has_normalized=*/false);
  const std::unique_ptr<AnySpec> spec = parse_any_spec_text(paths.read_spec(), "its spec");
  run.task = spec->task();
  run.name = spec->name;
  run.seed = spec->seed;
  run.steps = spec->loop().steps;
  run.measure = type_of(*spec).headline(/*has_normalized=*/false);
}

void read_test(const RunPaths& paths, RunOverview& run) {
  const TaskType* type = find_task(run.task);
  const json result = json::parse(read_text_file(paths.result()), nullptr, /*allow_exceptions=*/false);
  if (type == nullptr || !result.is_object()) return;
  if (const std::optional<Estimate> test = type->read_measure(result, run.measure)) run.test = test->value;
}

/// Of a run that is neither done nor running, by the last thing it logged.
void find_end(const RunPaths& paths, RunOverview& run) {
  const std::optional<LogRecord> last = last_log_record(paths.log());
  if (!last) return;
  if (last->level == "error") {
    run.phase = RunPhase::failed;
    run.remark = last->message;
  } else if (last->message.starts_with("Stopped by ")) {
    run.phase = RunPhase::stopped;
  }
}

void find_phase(const RunPaths& paths, RunOverview& run) {
  const RunLock lock = read_run_lock(paths.lock());
  run.holder = lock.holder;
  if (lock.held == LockHeld::yes) {
    run.phase = RunPhase::running;
    return;
  }
  if (paths.is_done()) {
    run.phase = RunPhase::done;
    return;
  }
  find_end(paths, run);
  if (run.phase != RunPhase::died || lock.held != LockHeld::unknown) return;
  const std::optional<double> since = seconds_since_written(paths.log());
  if (std::min(since.value_or(silence), run.seconds_since.value_or(silence)) < silence) run.phase = RunPhase::running;
  run.remark = fmt::format("Its lock cannot be seen from here: judged by the time since it wrote, {}.",
                           format_duration(run.seconds_since.value_or(since.value_or(0))));
}

}  // namespace

const char* name_of(RunPhase phase) {
  switch (phase) {
    case RunPhase::running:
      return "running";
    case RunPhase::stopped:
      return "stopped";
    case RunPhase::failed:
      return "failed";
    case RunPhase::died:
      return "died";
    case RunPhase::done:
      return "done";
  }
  throw InternalError("no such phase");
}

std::vector<std::filesystem::path> find_runs(const std::filesystem::path& root) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(root, unknown)) {
    throw UsageError("'{}' is not a folder. Name the folder of a run, or one with runs in it.", root.string());
  }
  std::vector<std::filesystem::path> runs;
  collect_runs(root, runs);
  std::ranges::sort(runs);
  return runs;
}

RunOverview look_at_run(const std::filesystem::path& folder) {
  RunOverview run{.folder = folder};
  const RunPaths paths{folder};
  try {
    read_run_spec(paths, run);
  } catch (const Error&) {
    run.remark = "Its spec cannot be read by this version.";
  }
  run.seconds_since = seconds_since_written(paths.metrics());
  try {
    read_run_metrics(paths, run);
    find_phase(paths, run);
    if (run.phase == RunPhase::done) read_test(paths, run);
  } catch (const DataError& error) {
    run.remark = error.what();
  }
  if (run.phase != RunPhase::running) run.seconds_left.reset();
  return run;
}

}  // namespace srwm
