#include "rl/scores.h"

#include <catch2/catch.hpp>

#include "rl/report.h"

using namespace srwm;

TEST_CASE("returns are normalised with the published constants, of which leaper and jumper have two variants", "[rl]") {
  CHECK(procgen_range("bigfish", "easy", ScoreVariant::paper)->normalised(40) == 1.0);
  CHECK(procgen_range("fruitbot", "hard", ScoreVariant::paper)->normalised(-0.5) == 0.0);
  CHECK(procgen_range("leaper", "easy", ScoreVariant::paper)->min == 3.0);
  CHECK(procgen_range("leaper", "easy", ScoreVariant::code)->min == 1.5);
  CHECK(procgen_range("jumper", "easy", ScoreVariant::code)->min == 1.0);
  CHECK(procgen_range("jumper", "hard", ScoreVariant::code)->min == 1.0);
  CHECK_FALSE(procgen_range("maze", "memory", ScoreVariant::paper).has_value());
  CHECK_FALSE(procgen_range("signpost", "easy", ScoreVariant::paper).has_value());
}

TEST_CASE("built-in games count from 0 to their best return", "[rl]") {
  const auto library = EnvLibrary::open(SRWM_GAMES);
  CHECK(score_range(*library, "signpost", "", ScoreVariant::paper)->normalised(5) == 0.5);
  RlEvaluation evaluation;
  evaluation.games = {{.game = "a", .mean_return = 2}, {.game = "b", .mean_return = 6}};
  CHECK(normalised_mean(evaluation, {ScoreRange{0, 4}, ScoreRange{2, 6}})->value == 0.75);
  CHECK_FALSE(normalised_mean(evaluation, {ScoreRange{0, 4}, std::nullopt}).has_value());
}
