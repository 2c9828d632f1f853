#include "games/game.h"

namespace srwm::games {
namespace {

/// What a policy without memory can expect of the melody: the first of n notes by chance, then each as the last one
/// not.
constexpr double guessed_melody(int notes) {
  double expected = 0, chance = 0.25;
  for (int note = 0; note < notes; ++note, chance /= 3) expected += 10.0 / notes * chance;
  return expected;
}

constexpr std::array<GameEntry, 4> games{{
    {.name = "labyrinth",
     .summary = "A mouse finds the cheese in a maze",
     .memory = false,
     .tiles = {8, 16},
     .longest = {200, 500},
     .best = {10, 10},
     .memoryless = {10, 10},
     .make = make_labyrinth},
    {.name = "harvest",
     .summary = "A rabbit collects carrots and avoids the foxes",
     .memory = false,
     .tiles = {8, 16},
     .longest = {200, 500},
     .best = {10, 10},
     .memoryless = {10, 10},
     .make = make_harvest},
    {.name = "signpost",
     .summary = "Remember the colour of the sign, walk, open the door of that colour",
     .memory = true,
     .tiles = {8, 8},
     .longest = {50, 100},
     .best = {10, 10},
     .memoryless = {10.0 / 2, 10.0 / 4},
     .make = make_signpost},
    {.name = "melody",
     .summary = "Watch the pads light up, step on them in the same order",
     .memory = true,
     .tiles = {8, 8},
     .longest = {60, 120},
     .best = {10, 10},
     .memoryless = {guessed_melody(2), guessed_melody(4)},
     .make = make_melody},
}};

}  // namespace

std::span<const GameEntry> all_games() {
  return games;
}

}  // namespace srwm::games
