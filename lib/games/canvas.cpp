#include "games/canvas.h"

namespace srwm::games {
namespace {

std::uint8_t blend(int below, int above, int alpha) {
  return static_cast<std::uint8_t>((below * (255 - alpha) + above * alpha) / 255);
}

/// At full size nearly all pixels are either opaque or not there.
void put(const Pixel& pixel, std::uint8_t* to) {
  if (pixel.alpha == 255) {
    to[0] = pixel.red;
    to[1] = pixel.green;
    to[2] = pixel.blue;
  } else if (pixel.alpha != 0) {
    to[0] = blend(to[0], pixel.red, pixel.alpha);
    to[1] = blend(to[1], pixel.green, pixel.alpha);
    to[2] = blend(to[2], pixel.blue, pixel.alpha);
  }
}

}  // namespace

void Canvas::draw(Cell cell, Sprite sprite, Tint tint) {
  const int side = sprites_->side();
  const Pixel* pixel = sprites_->at(sprite, tint);
  for (int y = 0; y < side; ++y) {
    std::uint8_t* to = pixels_ + (std::ptrdiff_t{cell.row * side + y} * width_ + cell.column * side) * 3;
    for (int x = 0; x < side; ++x, ++pixel, to += 3) put(*pixel, to);
  }
}

}  // namespace srwm::games
