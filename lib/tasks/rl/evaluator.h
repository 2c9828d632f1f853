// What an agent reaches when it plays as well as it can.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tasks/rl/learner.h"
#include "tasks/rl/policy_runner.h"

namespace srwm {

/// Returns of one game on one split.
struct GameScore {
  std::string game;
  double mean_return = 0;
  /// Half the width of the 95 % interval of that mean: 1.96 standard errors over episodes; none with fewer than two.
  std::optional<double> ci95;
  double mean_length = 0;  ///< steps
  std::int64_t episodes = 0;
};

struct RlEvaluation {
  std::vector<GameScore> games;
  bool complete = false;
};

/// Shown after every step what it was: the frame of environment 0 and the rest.
using PlayWatcher = std::function<void(const EnvGroup& group)>;

/// How many episodes of each game are played, by how many environments of the game; each plays equally many.
struct PlayCount {
  std::int64_t episodes = 0, envs = 1;
};
/// So many episodes, by `most_envs` environments or the next smaller number that divides the episodes.
PlayCount shared_evenly(std::int64_t episodes, std::int64_t most_envs);

/// Plays `count.episodes` episodes of each game with greedy actions, the same number in each of its environments:
/// taking the first to finish would favor short ones. `keep_going` is asked before every step.
RlEvaluation evaluate(Context& context, const Agent& agent, const RlSpec& spec,
                      const std::shared_ptr<const EnvLibrary>& library, const RlSplit& split, const PlayCount& count,
                      const std::function<bool()>& keep_going = {}, const PlayWatcher& watcher = {});

}  // namespace srwm
