#include "spec/rl_spec.h"

#include <fmt/core.h>

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

}  // namespace srwm
