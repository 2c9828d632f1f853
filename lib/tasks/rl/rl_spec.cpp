#include "tasks/rl/rl_spec.h"

#include <fmt/core.h>

#include "spec/fields.h"
#include "spec/parse.h"

namespace srwm {

std::vector<RlSplit> splits_of(const RlSpec& spec) {
  std::vector<RlSplit> splits{{"train", spec.env.first_level, spec.env.levels}};
  for (const std::int64_t first : spec.test.first_levels) {
    splits.push_back({fmt::format("test{}", splits.size()), first, spec.test.levels});
  }
  return splits;
}

std::string split_named(const std::string& name) {
  const bool is_train = name == "levels" || name == old_train_section || name == "training levels";
  return is_train ? "train" : name;
}

std::vector<std::string> game_names(const RlSpec& spec) {
  return spec.env.games.empty() ? std::vector<std::string>{"game"} : spec.env.games;
}

std::int64_t halves(const RlSpec& spec) {
  return spec.train.mode == RlMode::overlapped ? 2 : 1;
}

std::int64_t groups_ahead(const RlSpec& spec) {
  return spec.train.mode == RlMode::overlapped ? 2 : 1;
}

RlSpec parse_rl_spec_text(std::string_view text, std::string_view origin, std::span<const std::string> overrides) {
  return as<RlSpec>(*parse_spec_of(rl_keys(), text, origin, overrides));
}

RlSpec load_rl_spec(const std::filesystem::path& path, std::span<const std::string> overrides) {
  return as<RlSpec>(*load_spec_of(rl_keys(), path, overrides));
}

}  // namespace srwm
