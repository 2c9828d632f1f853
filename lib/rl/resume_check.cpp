#include "rl/resume_check.h"

#include <array>
#include <string_view>

#include "core/error.h"
#include "spec/differences.h"
#include "spec/parse.h"

namespace srwm {
namespace {

/// Keys and groups that may differ: they do not change what has been computed so far.
constexpr std::array<std::string_view, 6> free_to_change = {
    "comment", "train.report_every", "env.threads", "checkpoint", "test", "figures"};

}  // namespace

void check_resumable(const Checkpoint& checkpoint, const RlSpec& spec) {
  const std::string changed =
      list_differences(parse_rl_spec_text(checkpoint.spec_json, checkpoint.path.string()), spec, free_to_change);
  if (!changed.empty()) {
    throw SpecError(
        "{} was made with another spec and cannot be resumed with this one:{}\nUse the old values, or another "
        "--run-dir for a new run (with --init-from to start from this model).",
        checkpoint.path.string(), changed);
  }
  if (checkpoint.progress.counters.contains("interval_updates")) return;
  throw DataError(
      "{} holds a model but not the state of a training run (/progress has no \"{}\"), so it cannot be "
      "resumed. Start a new run from it with --init-from.",
      checkpoint.path.string(), "interval_updates");
}

}  // namespace srwm
