// The feature map of DeltaNet and the linear Transformer, f(z) = (elu(z) + 1) / (sum(elu(z) + 1) + eps).
#pragma once

#include <cmath>
#include <cstdint>

namespace srwm::reference {

/// p = f(z); returns the divisor sum(elu(z) + 1) + eps.
template <typename Real>
Real feature_map(const Real* z, std::int64_t d, double eps, Real* p) {
  Real sum = static_cast<Real>(eps);
  for (std::int64_t i = 0; i < d; ++i) sum += p[i] = z[i] > 0 ? z[i] + 1 : std::exp(z[i]);
  for (std::int64_t i = 0; i < d; ++i) p[i] /= sum;
  return sum;
}

/// Adds dL/dz of p = f(z).
template <typename Real>
void feature_map_backward(const Real* z, const Real* p, Real sum, const Real* dL_dp, std::int64_t d, Real* dL_dz) {
  // p_i = e_i / sum
  Real dot = 0;
  for (std::int64_t i = 0; i < d; ++i) dot += p[i] * dL_dp[i];
  for (std::int64_t i = 0; i < d; ++i) {
    const Real dL_de = (dL_dp[i] - dot) / sum;
    // e = z + 1 above zero, exp(z) below
    dL_dz[i] += z[i] > 0 ? dL_de : dL_de * std::exp(z[i]);
  }
}

}  // namespace srwm::reference
