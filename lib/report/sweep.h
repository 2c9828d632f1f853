// A search over settings: a spec, and for some of its keys several values. Every combination is a run, or as many
// random ones as there are to be trials; with several seeds, one for each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "report/finished_run.h"
#include "spec/spec.h"

namespace srwm {

/// Numbers that a random trial draws from: all between two, or so that their logarithms are.
struct SweepRange {
  double from = 0, to = 0;
  bool is_logarithmic = false, is_whole = false;
};

/// A key or group of the spec, and the values it takes, in the order of the file, or the range they are drawn from.
struct SweepAxis {
  std::string key;
  std::vector<nlohmann::ordered_json> values;
  std::optional<SweepRange> range;
};

/// One combination: the overrides that make the base spec its spec.
struct SweepTask {
  std::int64_t number = 0;             ///< from 1
  std::string name;                    ///< "<sweep>-007", by the combination: the spec's name, and so the run folder's
  std::string settings;                ///< "model.core.layers=2 optim.rate=0.001"
  std::vector<std::string> overrides;  ///< as for --set; "name=..." among them
};

struct Sweep {
  std::string name, comment;
  std::string kind;                ///< the task of the spec
  std::filesystem::path base;      ///< the spec
  std::vector<std::string> fixed;  ///< overrides that all tasks share
  std::vector<SweepAxis> grid;
  std::int64_t trials = 0;           ///< random combinations; 0: all of them
  std::uint64_t draw_seed = 1;       ///< of the random combinations
  std::vector<std::uint64_t> seeds;  ///< of each combination; empty: that of the spec

  /// Settings that differ in more than the seed.
  std::int64_t combinations() const;
  std::int64_t size() const;
  /// Task 1 to size(); seeds run fastest, then the last axis. UsageError for another number.
  SweepTask task(std::int64_t number) const;

 private:
  std::vector<std::string> settings_of(std::int64_t index) const;
};

/// A sweep file is known by this name; every other JSON file is a spec.
inline constexpr std::string_view sweep_file_name = "sweep.json";

/// Reads a sweep file (docs/user_guide.md, "Searching settings"). SpecError with everything that is wrong; the spec of
/// every task has been checked.
Sweep load_sweep(const std::filesystem::path& path);

/// A task and what has become of it.
struct SweepOutcome {
  SweepTask task;
  RunState run;
};

/// Where the task's run stands: `runs_dir`/<task name>-s<seed>.
SweepOutcome find_outcome(const Sweep& sweep, std::int64_t number, const std::filesystem::path& runs_dir);

/// "  7  <name>  <settings>" for each task.
std::string list_tasks(const Sweep& sweep);
/// All tasks, complete ones first, the best on top: by validation accuracy or, of agents, by the score on the training
/// levels (normalized where that is known, else the mean return); by the figure on the test split where that is
/// missing.
std::string summarise(const Sweep& sweep, std::vector<SweepOutcome> outcomes);
/// The same in the order of the tasks, as a list of objects.
std::string to_json(const Sweep& sweep, const std::vector<SweepOutcome>& outcomes);

}  // namespace srwm
