// A matrix product per head.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[m, h, o] = sum_i x[m, h, i] w[h, i, o]: x [..., heads d], w [heads, d, e], y [..., heads e]. What an SRWM computes
/// whose W^y = w is never rewritten.
struct HeadLinear {
  static constexpr const char* name = "head_linear";
  static constexpr int inputs = 2, outputs = 1;
  enum In { x, w };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
