// How much a player can expect who did not see the beginning of an episode.
#pragma once

#include "games/game.h"

namespace srwm::games::test {

struct BlindPlay {
  double seeing = 0;  ///< expected return of perfect play
  double blind = 0;   ///< of perfect play by somebody who sees nothing of the first `hidden` frames, but remembers all
                      ///< since: a policy without memory cannot have more
  double memoryless = 0;  ///< of one policy that maps a frame to an action, which does as well as it can
  int variants = 0;       ///< how many episodes of the level differ in what is hidden or seen later
};

/// Solves level `level_seed` exactly: all its episodes, which must not depend on chance once they have begun, are tried
/// with all sequences of actions. `hidden` steps pass before the player has a say.
BlindPlay solve_blind_play(const GameEntry& entry, Mode mode, int level_seed, int hidden);

}  // namespace srwm::games::test
