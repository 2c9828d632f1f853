// What GameEntry says of best play with and without memory.
#include <catch2/catch.hpp>

#include "games/blind_play.h"

using namespace srwm::games;
using namespace srwm::games::test;

namespace {

struct Case {
  std::size_t game;
  Mode mode;
  int hidden;    ///< steps before the player has a say
  int variants;  ///< of an episode, by counting
};

constexpr std::size_t signpost = 2, melody = 3;

}  // namespace

TEST_CASE("no policy without memory can expect more than is said of the game, and one gets it") {
  const Case test = GENERATE(Case{signpost, Mode::easy, 2, 2}, Case{signpost, Mode::hard, 2, 24 * 4},
                             Case{melody, Mode::easy, 4, 4 * 3}, Case{melody, Mode::hard, 8, 4 * 3 * 3 * 3});
  const int level = GENERATE(0, 7);
  const GameEntry& entry = all_games()[test.game];
  const auto mode = static_cast<std::size_t>(test.mode);
  CAPTURE(entry.name, mode, level);
  REQUIRE(entry.memory);
  const BlindPlay play = solve_blind_play(entry, test.mode, level, test.hidden);
  CHECK(play.variants == test.variants);
  CHECK(play.seeing == Approx(entry.best[mode]).margin(1e-3));
  CHECK(play.blind == Approx(entry.memoryless[mode]).margin(1e-3));
  CHECK(play.memoryless == Approx(entry.memoryless[mode]).margin(1e-3));
}

TEST_CASE("the labyrinth can be solved from what is in sight") {
  const Mode mode = GENERATE(Mode::easy, Mode::hard);
  const int level = GENERATE(range(0, 5));
  CAPTURE(static_cast<int>(mode), level);
  const GameEntry& entry = all_games()[0];
  const BlindPlay play = solve_blind_play(entry, mode, level, 0);
  CHECK(play.variants == 1);
  CHECK(play.memoryless == 10);
}
