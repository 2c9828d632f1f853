// Training images that differ a little each time they are shown.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace srwm {

struct Augmentation {
  double shift = 0;   ///< pixels, at most, along either axis
  double angle = 0;   ///< degrees, at most, to either side
  double scale = 0;   ///< how much larger or smaller, at most: 0.1 for sizes from 0.9 to 1.1
  bool flip = false;  ///< half of the images are mirrored left to right

  bool any() const { return shift > 0 || angle > 0 || scale > 0 || flip; }
};

/// Where pixel (h, w) of an augmented image lies in the image it is made from, both counted from the images' centers:
/// (p[0] h + p[1] w + p[2], p[3] h + p[4] w + p[5]).
using Placement = std::array<float, 6>;

/// A placement for each image of pass `number` of a run: turned, scaled and shifted by amounts drawn uniformly from
/// their ranges, image i from the Philox blocks 2 i and 2 i + 1 of (seed, augmentation, number).
void draw_placements(const Augmentation& augmentation, std::uint64_t seed, std::int64_t number,
                     std::span<Placement> placements);

}  // namespace srwm
