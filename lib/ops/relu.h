// Rectifier.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y = max(x, 0), elementwise; the gradient at 0 is 0.
struct Relu {
  static constexpr const char* name = "relu";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
