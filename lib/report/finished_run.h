// What has become of a run, read from its folder by others than the run itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

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
  std::optional<double> accuracy, ci95;  ///< on the test split, fractions; none if the spec asks for no test
  std::optional<double> validation;      ///< best validation accuracy, if there were validations
  double wall_seconds = 0;
  std::string data_digest;
};

/// Looks into `folder` for the run of `spec` (its seed included). Keys that change nothing of the result (comment,
/// figures, checkpoint, train.report_every) may differ. Never throws for what is in the folder.
RunState read_run(const std::filesystem::path& folder, const ExperimentSpec& spec);

/// "not run", "unfinished", ...
const char* words_of(RunStatus status);

}  // namespace srwm
