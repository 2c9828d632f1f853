// Sum of two tensors of one shape.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y = a + b, elementwise.
struct Add {
  static constexpr const char* name = "add";
  static constexpr int inputs = 2, outputs = 1;
  enum In { a, b };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
