// What has become of a run, read from its folder by others than the run itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "report/measure.h"
#include "spec/spec.h"

namespace srwm {

enum class RunStatus {
  missing,     ///< nothing of a run is there
  unfinished,  ///< begun, and can be resumed
  complete,    ///< ended, with a result of the spec asked for
  other_spec,  ///< what is there was made with another spec
  broken,      ///< ended, but its result cannot be read
};

struct RunState {
  std::filesystem::path folder;
  std::uint64_t seed = 0;
  RunStatus status = RunStatus::missing;
  std::string remark;  ///< "step 1,200 of 300,000", "train.batch is 64 there"; in words, without a full stop
  // Of a complete run:
  std::map<Measure, Estimate> figures;  ///< those of measures_of(spec) that the result has
  double wall_seconds = 0;
  std::string data_digest;

  std::optional<Estimate> figure(const Measure& measure) const;
};

/// Looks into `folder` for the run of `spec` (its seed included). Keys that change nothing of the result (comment,
/// figures, checkpoint, train.report_every, env.threads) may differ. Never throws for what is in the folder.
RunState read_run(const std::filesystem::path& folder, const AnySpec& spec);

/// "not run", "unfinished", ...
const char* words_of(RunStatus status);

}  // namespace srwm
