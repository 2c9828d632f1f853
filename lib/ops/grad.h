// How backward bodies on the host write gradients.
#pragma once

#include <algorithm>

#include "ops/op.h"

namespace srwm {

/// Where a body adds up a gradient: what is there if it accumulates, zeros if it overwrites, nullptr if it is ignored.
template <typename Real>
Real* sum_into(const Grad& grad) {
  if (!grad.wanted()) return nullptr;
  Real* data = grad.value.data<Real>();
  if (grad.mode == GradMode::overwrite) std::fill_n(data, grad.value.numel(), Real{0});
  return data;
}

/// Writes one element of a gradient that is wanted and whose value is known at once.
template <typename Real>
inline void put(GradMode mode, Real& element, Real value) {
  element = mode == GradMode::accumulate ? element + value : value;
}

/// Elements of an elementwise loop worth a thread: some ten microseconds of memory traffic.
constexpr std::int64_t elementwise_grain = 32 * 1024;

}  // namespace srwm
