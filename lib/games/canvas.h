// A frame made of square tiles.
#pragma once

#include <cstddef>
#include <cstdint>

#include "games/sprites.h"

namespace srwm::games {

/// A place on the board; row 0 is the top.
struct Cell {
  int row = 0, column = 0;
  bool operator==(const Cell&) const = default;
};

/// Draws into the RGB pixels of a square frame, which belong to the caller.
class Canvas {
 public:
  Canvas(std::uint8_t* pixels, int tiles, const SpriteSheet& sprites)
      : pixels_(pixels), width_(tiles * sprites.side()), sprites_(&sprites) {}

  /// Draws the sprite over what is there.
  void draw(Cell cell, Sprite sprite, Tint tint = Tint::red);

 private:
  std::uint8_t* pixels_;
  int width_;
  const SpriteSheet* sprites_;
};

}  // namespace srwm::games
