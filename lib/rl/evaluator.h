// What an agent reaches when it plays as well as it can.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rl/learner.h"
#include "rl/player.h"

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

/// Plays `spec.test.episodes` episodes of each game with greedy actions, the same number in each of spec.test.envs
/// environments of the game: taking the first to finish would favour short ones. `keep_going` is asked before every
/// step.
RlEvaluation evaluate(Context& context, const Agent& agent, const RlSpec& spec,
                      const std::shared_ptr<const EnvLibrary>& library, const RlSplit& split,
                      const std::function<bool()>& keep_going = {}, const PlayWatcher& watcher = {});

}  // namespace srwm
