#include "tasks/rl/library_limits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace srwm {
namespace {

/// Why it takes less than it might.
std::string reason(const EnvLibrary& library) {
  return library.describes_itself() ? "its description does not list them" : "it has no libenv_describe";
}

}  // namespace

std::vector<RlSplit> splits_of(const RlSpec& spec, const EnvLibrary& library) {
  return library.takes_levels() ? splits_of(spec) : std::vector<RlSplit>{{"train", 0, 0}};
}

void check_effective_keys(const RlSpec& spec, const EnvLibrary& library) {
  const RlSpec defaults;
  const auto refuse_if = [&](bool is_set, const char* key, const char* option) {
    if (!is_set) return;
    throw SpecError("{} has no effect: {} takes no {} ({}). Remove the key.", key, library.path().string(), option,
                    reason(library));
  };
  if (!library.takes_levels()) {
    // 0 levels are all of them, which is what there is.
    refuse_if(spec.env.levels != defaults.env.levels && spec.env.levels != 0, "env.levels", "levels");
    refuse_if(spec.env.first_level != defaults.env.first_level, "env.first_level", "levels");
    refuse_if(spec.test.levels != defaults.test.levels, "test.levels", "levels");
    refuse_if(spec.test.first_levels != defaults.test.first_levels, "test.first_levels", "levels");
  }
  if (!library.takes("num_threads")) {
    refuse_if(spec.env.threads != defaults.env.threads, "env.threads", "threads");
  }
}

std::string describe_limits(const EnvLibrary& library) {
  std::vector<std::string> missing, consequences;
  if (!library.takes("rand_seed")) {
    missing.emplace_back("seed");
    consequences.emplace_back("runs with different seeds may play the same episodes");
  }
  if (!library.takes_levels()) {
    missing.emplace_back("levels");
    consequences.emplace_back("there are no test splits: the result is about the episodes that were trained on");
  }
  if (missing.empty()) return {};
  return fmt::format("{} takes no {} ({}), so {}.", library.path().string(), fmt::join(missing, " and no "),
                     reason(library), fmt::join(consequences, ", and "));
}

}  // namespace srwm
