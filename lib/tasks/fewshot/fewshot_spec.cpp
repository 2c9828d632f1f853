#include "tasks/fewshot/fewshot_spec.h"

#include "spec/fields.h"
#include "spec/parse.h"

namespace srwm {

ExperimentSpec parse_spec_text(std::string_view text, std::string_view origin, std::span<const std::string> overrides) {
  return as<ExperimentSpec>(*parse_spec_of(fewshot_keys(), text, origin, overrides));
}

ExperimentSpec load_spec(const std::filesystem::path& path, std::span<const std::string> overrides) {
  return as<ExperimentSpec>(*load_spec_of(fewshot_keys(), path, overrides));
}

ExperimentSpec with_longest_episodes(ExperimentSpec spec) {
  spec.protocol.first_ways = spec.protocol.ways_steps = spec.protocol.max_trim = 0;
  return spec;
}

}  // namespace srwm
