// Batch first to time first and back.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[t, b, :] = x[b, t, :], x [B, T, F], y [T, B, F].
struct SwapAxes {
  static constexpr const char* name = "swap_axes";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
