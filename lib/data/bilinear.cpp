#include "data/bilinear.h"

#include <algorithm>
#include <cmath>

namespace srwm {

void LinearTaps::set(std::int64_t from, std::int64_t to) {
  taps_.resize(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (std::size_t i = 0; i < taps_.size(); ++i) {
    const double position = std::max((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0);
    const auto low = std::min(static_cast<std::int64_t>(position), from - 1);
    taps_[i] = {static_cast<std::int32_t>(low), static_cast<std::int32_t>(std::min(low + 1, from - 1)),
                static_cast<float>(position - static_cast<double>(low))};
  }
}

}  // namespace srwm
