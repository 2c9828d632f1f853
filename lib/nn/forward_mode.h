// How a model is run.
#pragma once

#include <cstdint>

namespace srwm {

struct ForwardMode {
  bool training = false;   ///< dropout on; batch-norm uses and updates the batch's statistics
  std::uint32_t pass = 0;  ///< 0 or 1: which of the two passes over a core within one step, for the dropout masks
};

}  // namespace srwm
