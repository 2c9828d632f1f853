// What convolutions take inputs for.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "core/error.h"

namespace srwm {

/// Height, width and channels of square images; SpecError if there are none with so many numbers.
inline std::array<std::int64_t, 3> image_of(std::int64_t inputs) {
  for (const std::int64_t channels : {1, 3}) {
    const std::int64_t pixels = inputs / channels;
    const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
    if (side * side * channels == inputs) return {side, side, channels};
  }
  throw SpecError("The model has a convolution, but {} inputs are no square image of 1 or 3 channels.", inputs);
}

}  // namespace srwm
