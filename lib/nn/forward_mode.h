// How a model is run.
#pragma once

#include <cstdint>

namespace srwm {

struct ForwardMode {
  bool training = false;   ///< dropout on; batch-norm uses and updates the batch's statistics
  std::uint32_t pass = 0;  ///< which pass over the same layers within one step, for the dropout masks: pass_number(n)
};

/// What ForwardMode::pass is in the n-th pass, from 0: masks are numbered 2 * layer + pass, so that a third and fourth
/// pass have to keep clear of the layers' first two.
constexpr std::uint32_t pass_number(std::uint32_t n) {
  return n % 2 + (n / 2 << 16);
}

}  // namespace srwm
