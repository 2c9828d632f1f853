// The pictures that the games are drawn with.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace srwm::games {

enum class Sprite : int {
  floor,
  hedge,
  mouse,
  cheese,
  rabbit,
  fox,
  carrot,
  hiker,
  door,
  plate,
  pad,
  lit_pad,
  lamp,
  count
};

/// Colours that parts of a sprite take on.
enum class Tint : int { red, blue, yellow, green, grass, moss, sand, clay, snow, slate, dusk, plum, count };

struct Pixel {
  std::uint8_t red = 0, green = 0, blue = 0, alpha = 0;
};

/// All sprites in all tints at one size, 8 pixels a side and the averages of that at 4, 2 and 1.
class SpriteSheet {
 public:
  explicit SpriteSheet(int side);

  int side() const { return side_; }
  /// side x side pixels, row by row.
  const Pixel* at(Sprite sprite, Tint tint) const;

 private:
  int side_;
  std::vector<Pixel> pixels_;
};

}  // namespace srwm::games
