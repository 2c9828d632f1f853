#include "data/augmentation.h"

#include <cmath>
#include <numbers>

#include "core/rng.h"

namespace srwm {
namespace {

/// A word of random bits as a number in (-1, 1).
double either_way(std::uint32_t word) {
  return (word + 0.5) / 0x1p31 - 1;
}

}  // namespace

void draw_placements(const Augmentation& augmentation, std::uint64_t seed, std::int64_t number,
                     std::span<Placement> placements) {
  const RandomStep random(seed, Stream::augmentation, static_cast<std::uint32_t>(number));
  std::uint64_t block = 0;
  for (Placement& placement : placements) {
    const Philox4 move = random.at(block++), turn = random.at(block++);
    const double angle = augmentation.angle * either_way(move[2]) * std::numbers::pi / 180;
    const double step = 1 / (1 + augmentation.scale * either_way(move[3]));  // a larger picture is walked more slowly
    const double across = augmentation.flip && turn[0] % 2 == 1 ? -step : step;
    placement = {static_cast<float>(step * std::cos(angle)),
                 static_cast<float>(-across * std::sin(angle)),
                 static_cast<float>(augmentation.shift * either_way(move[0])),
                 static_cast<float>(step * std::sin(angle)),
                 static_cast<float>(across * std::cos(angle)),
                 static_cast<float>(augmentation.shift * either_way(move[1]))};
  }
}

}  // namespace srwm
