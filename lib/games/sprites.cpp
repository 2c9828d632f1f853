#include "games/sprites.h"

#include <algorithm>
#include <cstddef>

namespace srwm::games {
namespace {

constexpr int full_side = 8;
constexpr int tints = static_cast<int>(Tint::count);
constexpr int sprites = static_cast<int>(Sprite::count);

using Art = std::array<const char*, full_side>;

/// X, x and Z are the tint, darker and lighter; a dot lets the ground through; other letters: see colour_of.
constexpr std::array<Art, sprites> art{{
    // floor
    {"XXXXXXXX", "XZXXXXXX", "XXXXXXxX", "XXXXXXXX", "XXXxXXXX", "XXXXXXXX", "XxXXXXZX", "XXXXXXXX"},
    // hedge
    {"ZXXZXXZX", "XXxXXXXX", "XXXXXxXX", "ZXXxXXXZ", "XxXXXXxX", "XXXXZXXX", "XXxXXXxX", "xxxxxxxx"},
    // mouse
    {"........", ".ss..ss.", "sppsspps", ".ssssss.", ".swssws.", ".ssssss.", "..sppss.", "...kk..p"},
    // cheese
    {"........", ".....yy.", "...yyyyy", ".yyyyoyy", "yyyyyyyy", "yoyyyyoy", "yyyyoyyy", "oooooooo"},
    // rabbit
    {".ww..ww.", ".wp..pw.", ".wp..pw.", ".wwwwww.", "wwkwwkww", "wwwppwww", ".wwwwww.", "..w..w.."},
    // fox
    {"r......r", "rr....rr", "rrrrrrrr", "rkrrrrkr", "wrrrrrrw", ".wwrrww.", "..wkkw..", "...ww..."},
    // carrot
    {".....g.g", "......gg", "...ooogg", "..ooooo.", ".oooroo.", ".oroo...", "ooo.....", "o......."},
    // hiker
    {"..bbbb..", ".bbbbbb.", "..nnnn..", "..nknk..", ".cccccc.", "ncccyccn", "..bbbb..", "..k..k.."},
    // door
    {".kkkkkk.", "kXXXXXXk", "kXZZZZXk", "kXZXXxXk", "kXZXXywk", "kXZXXxXk", "kXxxxxXk", "kXXXXXXk"},
    // plate
    {"kkkkkkkk", "kZZZZZXk", "kZXXXXXk", "kZXXXXXk", "kZXXXXXk", "kXXXXXxk", "kXXXXxxk", "kkkkkkkk"},
    // pad
    {"........", ".dddddd.", ".dxxxxd.", ".dxxxxd.", ".dxxxxd.", ".dxxxxd.", ".dddddd.", "........"},
    // lit_pad
    {"wwwwwwww", "wZZZZZZw", "wZXXXXZw", "wZXwwXZw", "wZXwwXZw", "wZXXXXZw", "wZZZZZZw", "wwwwwwww"},
    // lamp
    {"........", "..wwww..", ".wyyyyw.", ".wyyyyw.", ".wyyyyw.", "..wwww..", "...kk...", "........"},
}};

constexpr std::array<Pixel, tints> tint_colours{{{222, 58, 58, 255},
                                                 {62, 104, 232, 255},
                                                 {240, 206, 58, 255},
                                                 {52, 178, 84, 255},
                                                 {142, 188, 96, 255},
                                                 {44, 96, 52, 255},
                                                 {218, 196, 148, 255},
                                                 {140, 90, 58, 255},
                                                 {192, 210, 228, 255},
                                                 {96, 110, 128, 255},
                                                 {150, 138, 172, 255},
                                                 {72, 52, 96, 255}}};

Pixel scaled(Pixel colour, int percent) {
  const auto scale = [percent](int value) {
    const int result = percent <= 100 ? value * percent / 100 : value + (255 - value) * (percent - 100) / 100;
    return static_cast<std::uint8_t>(result);
  };
  return {scale(colour.red), scale(colour.green), scale(colour.blue), 255};
}

Pixel colour_of(char letter, Tint tint) {
  const Pixel tint_colour = tint_colours[static_cast<std::size_t>(tint)];
  switch (letter) {
    case 'X':
      return tint_colour;
    case 'x':
      return scaled(tint_colour, 72);
    case 'Z':
      return scaled(tint_colour, 125);
    case 'k':
      return {38, 32, 44, 255};
    case 'w':
      return {250, 250, 246, 255};
    case 's':
      return {206, 44, 92, 255};
    case 'd':
      return {84, 84, 94, 255};
    case 'p':
      return {240, 160, 176, 255};
    case 'y':
      return {250, 214, 74, 255};
    case 'o':
      return {240, 140, 40, 255};
    case 'r':
      return {206, 84, 30, 255};
    case 'g':
      return {40, 150, 60, 255};
    case 'b':
      return {122, 78, 44, 255};
    case 'n':
      return {244, 202, 164, 255};
    case 'c':
      return {40, 120, 190, 255};
    default:
      return {};
  }
}

/// The average of a square of the full picture; colours count by how much they cover. What covers half of it is opaque,
/// so that small figures stay visible.
Pixel average(Sprite sprite, Tint tint, int top, int left, int width) {
  int red = 0, green = 0, blue = 0, alpha = 0;
  for (int y = top; y < top + width; ++y) {
    for (int x = left; x < left + width; ++x) {
      const Pixel pixel = colour_of(art[static_cast<std::size_t>(sprite)][static_cast<std::size_t>(y)][x], tint);
      red += pixel.red * pixel.alpha;
      green += pixel.green * pixel.alpha;
      blue += pixel.blue * pixel.alpha;
      alpha += pixel.alpha;
    }
  }
  if (alpha == 0) return {};
  const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
  return {byte(red / alpha), byte(green / alpha), byte(blue / alpha), byte(std::min(255, 2 * alpha / (width * width)))};
}

}  // namespace

SpriteSheet::SpriteSheet(int side) : side_(side) {
  const int width = full_side / side;
  for (int sprite = 0; sprite < sprites; ++sprite) {
    for (int tint = 0; tint < tints; ++tint) {
      for (int place = 0; place < side * side; ++place) {
        pixels_.push_back(average(static_cast<Sprite>(sprite), static_cast<Tint>(tint), place / side * width,
                                  place % side * width, width));
      }
    }
  }
}

const Pixel* SpriteSheet::at(Sprite sprite, Tint tint) const {
  const int index = static_cast<int>(sprite) * tints + static_cast<int>(tint);
  return pixels_.data() + static_cast<std::ptrdiff_t>(index) * side_ * side_;
}

}  // namespace srwm::games
