// Where the messages of a Vsml layer come from and go to.
#pragma once

#include "ops/vsml.h"

namespace srwm {

/// Which messages meet at a position and tap of a layer.
class VsmlGeometry {
 public:
  VsmlGeometry(const VsmlLayer& layer, bool published_mask) : layer_(layer), published_mask_(published_mask) {}

  /// The input position below output position p and a tap; -1 outside.
  std::int64_t below(std::int64_t p, std::int64_t tap) const {
    if (!layer_.convolution()) return 0;
    const std::int64_t row = p / layer_.out_width() * layer_.stride + tap / 3 - 1;
    const std::int64_t column = p % layer_.out_width() * layer_.stride + tap % 3 - 1;
    const bool inside = row >= 0 && row < layer_.height && column >= 0 && column < layer_.width;
    return inside ? row * layer_.width + column : -1;
  }
  /// The input position that gets the backward messages of output position p and a tap; -1: none.
  std::int64_t hands_back_to(std::int64_t p, std::int64_t tap) const {
    if (!layer_.convolution()) return 0;
    const bool masked = p / layer_.out_width() * layer_.stride >= layer_.height / layer_.stride ||
                        p % layer_.out_width() * layer_.stride >= layer_.width / layer_.stride;
    return published_mask_ && masked ? -1 : below(p, tap);
  }

 private:
  const VsmlLayer& layer_;
  bool published_mask_;
};

}  // namespace srwm
