#include "fewshot/resume_check.h"

#include <array>
#include <string_view>

#include "core/error.h"
#include "spec/differences.h"
#include "spec/parse.h"

namespace srwm {
namespace {

/// Keys and groups that may differ: they do not change what has been computed so far.
constexpr std::array<std::string_view, 6> free_to_change = {"comment",    "train.steps", "train.report_every",
                                                            "checkpoint", "test",        "figures"};

}  // namespace

void check_resumable(const Checkpoint& checkpoint, const ExperimentSpec& spec, const std::string& data_digest) {
  const std::string changed =
      list_differences(parse_spec_text(checkpoint.spec_json, checkpoint.path.string()), spec, free_to_change);
  if (!changed.empty()) {
    throw SpecError(
        "{} was made with another spec and cannot be resumed with this one:{}\nUse the old values, or another "
        "--run-dir for a new run (with --init-from to start from this model).",
        checkpoint.path.string(), changed);
  }
  if (checkpoint.progress.step > spec.train.steps) {
    throw SpecError("{} is at step {}, beyond train.steps = {}. Raise train.steps, or choose another --run-dir.",
                    checkpoint.path.string(), checkpoint.progress.step, spec.train.steps);
  }
  if (checkpoint.data_digest != data_digest) {
    throw DataError(
        "{} was made with data of digest {}, but the data found now has {}: the files differ. Give the "
        "original data with --data-dir.",
        checkpoint.path.string(), checkpoint.data_digest, data_digest);
  }
}

}  // namespace srwm
