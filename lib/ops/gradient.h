// How a body begins to write a gradient.
#pragma once

#include <algorithm>

#include "ops/op.h"

namespace srwm {

/// For bodies that only ever add: zeroes a gradient that is to be overwritten and returns its elements; nullptr if the
/// gradient is not wanted.
template <typename Real>
Real* begin_adding(const Grad& grad) {
  if (!grad.wanted()) return nullptr;
  if (grad.mode == GradMode::overwrite) std::ranges::fill(grad.value.span<Real>(), Real(0));
  return grad.value.data<Real>();
}

}  // namespace srwm
