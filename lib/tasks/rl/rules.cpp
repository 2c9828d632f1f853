#include "tasks/rl/rules.h"

#include <algorithm>
#include <initializer_list>

#include "spec/declare.h"
#include "tasks/rl/rl_spec.h"

namespace srwm {
namespace {

void check_games(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!all_valid(is_valid, {"env.library", "env.games"}) || !spec.env.games.empty()) return;
  if (spec.env.library != "games" && spec.env.library != "procgen") return;  // another may have only one
  problems.add("", "env.games",
               fmt::format("names no game; 'srwm env list --library {}' tells which there are.", spec.env.library));
}

/// The actors fall into train.accumulate groups, each of which plays all games; where playing and learning overlap, so
/// does each half of a group.
void check_actors(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!all_valid(is_valid, {"env.games", "env.actors", "train.mode", "train.accumulate"})) return;
  const auto games = static_cast<std::int64_t>(std::max<std::size_t>(1, spec.env.games.size()));
  const bool halves = spec.train.mode == RlMode::overlapped, groups = spec.train.accumulate > 1;
  const std::int64_t divisor = games * (halves ? 2 : 1) * spec.train.accumulate;
  if (spec.env.actors % divisor == 0) return;
  const char* where = groups && halves ? " in either half of each group of actors (train.accumulate)"
                      : groups         ? " in each group of actors (train.accumulate)"
                      : halves         ? " in either half of the actors"
                                       : "";
  problems.add("", "env.actors",
               fmt::format("must be a multiple of {}, so that each game has as many{}; found {}.", divisor, where,
                           spec.env.actors));
}

/// Chosen on the test's own levels, or on those that are trained on, the best model would be the luckiest one.
void check_validation(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (spec.validation.every == 0) return;
  if (!all_valid(is_valid, {"validation.every", "validation.first_level", "validation.levels", "test.first_levels",
                            "test.levels", "env.levels", "env.first_level"})) {
    return;
  }
  const RlSplit validation{"validation", spec.validation.first_level, spec.validation.levels};
  for (const RlSplit& split : splits_of(spec)) {
    // 0 levels: all there are.
    const bool is_before = validation.first_level + validation.levels <= split.first_level;
    const bool is_after = split.levels > 0 && split.first_level + split.levels <= validation.first_level;
    if (is_before || is_after || (split.name == "train" && split.levels == 0)) continue;
    problems.add("", "validation.first_level",
                 fmt::format("the levels {} to {} are also those of the split \"{}\" ({} to {}); choose others.",
                             validation.first_level, validation.first_level + validation.levels - 1, split.name,
                             split.first_level, split.first_level + split.levels - 1));
  }
}

void check_settings(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!is_valid("env.settings")) return;
  for (const std::string& setting : spec.env.settings) {
    const std::size_t equals = setting.find('=');
    if (equals != std::string::npos && equals > 0) continue;
    problems.add("", "env.settings", fmt::format("\"{}\" is not NAME=VALUE.", shown(setting)));
  }
}

void check_levels(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!all_valid(is_valid, {"env.levels", "env.first_level"}) || spec.env.levels > 0 || spec.env.first_level == 0)
    return;
  problems.add("", "env.first_level", "must be 0 where env.levels is 0, which means all levels.");
}

void check_heads(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!all_valid(is_valid, {"agent.core", "agent.heads", "agent.hidden"})) return;
  const bool has_heads = std::ranges::none_of(
      std::initializer_list<CoreKind>{CoreKind::feed_forward, CoreKind::feed_forward_deep, CoreKind::lstm},
      [&](CoreKind kind) { return kind == spec.agent.core; });
  if (!has_heads || spec.agent.hidden % spec.agent.heads == 0) return;
  problems.add("", "agent.heads",
               fmt::format("must divide agent.hidden, which is {}; found {}.", spec.agent.hidden, spec.agent.heads));
}

void check_test(const RlSpec& spec, const IsValid& is_valid, Problems& problems) {
  if (!all_valid(is_valid, {"test.episodes", "test.envs"})) return;
  if (spec.test.episodes % spec.test.envs == 0) return;
  problems.add("", "test.episodes",
               fmt::format("must be a multiple of test.envs, which is {}, so that each plays equally many; found {}.",
                           spec.test.envs, spec.test.episodes));
}

}  // namespace

void check_rl_rules(const AnySpec& any, const IsValid& is_valid, Problems& problems) {
  const auto& spec = as<RlSpec>(any);
  for (const auto check :
       {check_games, check_actors, check_settings, check_levels, check_heads, check_test, check_validation}) {
    check(spec, is_valid, problems);
  }
  check_figures(any, is_valid, problems);
}

}  // namespace srwm
