// Mean over space, channels last.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[n, c] = mean over h, w of x[n, h, w, c]; x [N, H, W, C], y [N, C].
struct GlobalAvgPool {
  static constexpr const char* name = "global_avg_pool";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
