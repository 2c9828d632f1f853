// How far runs are, read from their folders while they train or after they have ended. Nothing in a folder is written,
// locked or waited for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/measure.h"

namespace srwm {

enum class RunPhase {
  running,
  stopped,  ///< by a signal or --max-seconds, after a checkpoint
  failed,   ///< ended by an error
  died,     ///< neither running nor ended: killed, or the machine went down
  done,
};
inline constexpr RunPhase all_run_phases[] = {RunPhase::running, RunPhase::stopped, RunPhase::failed, RunPhase::died,
                                              RunPhase::done};
/// "running", "stopped", "failed", "died", "done".
const char* name_of(RunPhase phase);

/// A value of the metric that stands for the run, and when it was reached.
struct MetricAt {
  double value = 0;
  std::int64_t step = 0;
};

struct RunOverview {
  std::filesystem::path folder;
  RunPhase phase = RunPhase::died;
  std::string task, name;  ///< of its spec; empty if that cannot be read
  std::uint64_t seed = 0;
  std::string holder;                   ///< "process 123 on node7": who trains it, or did last
  std::string remark;                   ///< the error, or what is uncertain; empty: nothing
  std::int64_t step = 0;                ///< as metrics.jsonl counts
  std::int64_t steps = 0;               ///< of the whole run; 0 if the spec cannot be read
  std::optional<double> speed;          ///< of the last report, as `speed_unit` says
  std::string speed_unit;               ///< "images/s"
  std::optional<double> seconds_left;   ///< of a running one, by the steps of the last reports
  std::optional<double> seconds_since;  ///< since it last wrote to metrics.jsonl
  Measure measure;                      ///< what `last`, `best` and `test` are values of
  std::optional<MetricAt> last;         ///< of the last validation; of the last training report where there is none
  std::optional<MetricAt> best;         ///< of the validations
  std::optional<double> test;           ///< of a run that is done
};

/// The folders of runs below `root`, sorted by path: `root` itself if it is one. Links are not followed, except `root`.
/// UsageError if `root` is no folder.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& root);

/// Never throws for what is in the folder.
RunOverview look_at_run(const std::filesystem::path& folder);

}  // namespace srwm
