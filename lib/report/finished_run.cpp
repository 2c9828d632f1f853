#include "report/finished_run.h"

#include <algorithm>
#include <memory>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "run/metrics_reader.h"
#include "run/progress.h"
#include "run/run_folder.h"
#include "spec/differences.h"
#include "tasks/task_table.h"

namespace srwm {
namespace {

using nlohmann::json;

/// "train.batch is 64 there, train.steps is 100 there"; empty if the specs ask for the same result.
std::string describe_differences(const AnySpec& there, const AnySpec& here) {
  constexpr std::size_t most_named = 4;
  const auto found = differences(there, here, without_influence);
  std::string text;
  for (std::size_t i = 0; i < std::min(found.size(), most_named); ++i) {
    text += fmt::format("{}{} is {} there", i > 0 ? ", " : "", found[i].path, found[i].before);
  }
  return found.size() > most_named ? text + fmt::format(", and {} more keys", found.size() - most_named) : text;
}

/// Fills status and remark if the spec of the folder is another one or cannot be read; says whether it did.
bool is_of_other_spec(const std::string& spec_json, const AnySpec& spec, RunState& state) {
  try {
    const std::unique_ptr<AnySpec> there = parse_any_spec_text(spec_json, "its spec");
    state.remark = there->task() == spec.task() ? describe_differences(*there, spec)
                                                : fmt::format("task is \"{}\" there", there->task());
  } catch (const SpecError&) {
    state.remark = "its spec has keys or values that this version does not know";
  }
  if (!state.remark.empty()) state.status = RunStatus::other_spec;
  return !state.remark.empty();
}

/// Whether the result must have the measure. What was not played it says itself, in "splits": a library that takes no
/// levels has no test splits.
bool is_expected(const json& result, const AnySpec& spec, const Measure& measure) {
  const auto splits = result.find("splits");
  const bool is_certain = type_of(spec).is_certain(measure);
  if (!is_certain || splits == result.end() || !splits->is_array()) return is_certain;
  if (measure.split == "test") return splits->size() > 1;
  return std::find(splits->begin(), splits->end(), measure.split) != splits->end();
}

/// Says whether all is there that the result must have.
bool read_figures(const json& result, const AnySpec& spec, RunState& state) {
  for (const Measure& measure : measures_of(spec)) {
    if (const std::optional<Estimate> estimate = type_of(spec).read_measure(result, measure)) {
      state.figures.emplace(measure, *estimate);
    } else if (is_expected(result, spec, measure)) {
      state.status = RunStatus::broken;
      state.remark = fmt::format("result.json has no {} {}", measure.split, measure.name);
      return false;
    }
  }
  return true;
}

void read_result(const json& result, const AnySpec& spec, RunState& state) {
  if (is_of_other_spec(result.at("spec").dump(), spec, state)) return;
  state.wall_seconds = result.at("wall_seconds");
  if (result.at("data_digest").is_string()) state.data_digest = result.at("data_digest");
  if (read_figures(result, spec, state)) state.status = RunStatus::complete;
}

void read_complete(const RunPaths& paths, const AnySpec& spec, RunState& state) {
  try {
    read_result(json::parse(read_text_file(paths.result())), spec, state);
  } catch (const json::exception&) {
    state.status = RunStatus::broken;
    state.remark = "result.json is not one that srwm wrote";
  } catch (const DataError&) {
    state.status = RunStatus::broken;
    state.remark = "there is DONE, but no result.json";
  }
}

/// The step of the last line of metrics.jsonl; 0 if there is none.
std::int64_t last_step(const RunPaths& paths) {
  try {
    const std::vector<json> last = MetricsReader(paths.metrics()).lines("", 1);
    return last.empty() ? 0 : last.front().at("step").get<std::int64_t>();
  } catch (const DataError&) {
    return 0;
  }
}

void read_unfinished(const RunPaths& paths, const AnySpec& spec, RunState& state) {
  try {
    if (is_of_other_spec(paths.read_spec(), spec, state)) return;
  } catch (const DataError&) {
    // It was stopped before it wrote spec.json; --resume starts it.
  }
  state.status = RunStatus::unfinished;
  state.remark = fmt::format("step {} of {}", format_count(last_step(paths)), format_count(spec.loop().steps));
}

}  // namespace

std::optional<Estimate> RunState::figure(const Measure& measure) const {
  const auto found = figures.find(measure);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

RunState read_run(const std::filesystem::path& folder, const AnySpec& spec) {
  RunState state{.folder = folder, .seed = spec.seed};
  const RunPaths paths{folder};
  if (paths.is_done()) {
    read_complete(paths, spec, state);
  } else if (paths.is_occupied()) {
    read_unfinished(paths, spec, state);
  }
  return state;
}

const char* words_of(RunStatus status) {
  switch (status) {
    case RunStatus::missing:
      return "not run";
    case RunStatus::unfinished:
      return "unfinished";
    case RunStatus::complete:
      return "complete";
    case RunStatus::other_spec:
      return "another spec";
    case RunStatus::broken:
      return "broken";
  }
  throw InternalError("no such status");
}

}  // namespace srwm
