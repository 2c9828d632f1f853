// Returns of different games on one scale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env/env_library.h"

namespace srwm {

/// A return of `min` counts 0, one of `max` 1.
struct ScoreRange {
  double min = 0, max = 1;
  double width() const { return max - min; }
  double normalized(double mean_return) const { return (mean_return - min) / width(); }
};

/// Two sets of ProcGen's constants are in use: those of the paper (arXiv 1912.01588), and those of the published code,
/// which has other minima for leaper and jumper in easy mode.
enum class ScoreVariant { paper, code };

/// Of a ProcGen game in mode "easy" or "hard"; none for other games and modes, of which no constants are published.
std::optional<ScoreRange> procgen_range(std::string_view game, std::string_view mode, ScoreVariant variant);

/// Of a game of a library: ProcGen's constants, for another library that describes itself 0 to the game's best return;
/// none where neither is known.
std::optional<ScoreRange> score_range(const EnvLibrary& library, const std::string& game, const std::string& mode,
                                      ScoreVariant variant);

}  // namespace srwm
