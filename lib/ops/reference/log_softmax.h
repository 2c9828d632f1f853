// Logarithms of probabilities.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace srwm::reference {

/// log sum_a exp(logits[a]), without overflow; a NaN gives NaN.
template <typename Real>
Real log_sum_exp(const Real* logits, std::int64_t actions) {
  const Real largest = *std::max_element(logits, logits + actions);
  Real sum = 0;
  for (std::int64_t a = 0; a < actions; ++a) sum += std::exp(logits[a] - largest);
  return largest + std::log(sum);
}

}  // namespace srwm::reference
