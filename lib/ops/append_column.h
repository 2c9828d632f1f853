// Appends one number to each row.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[m] = [x[m], clamp(column[m], -limit, limit)], x [M, F], column f32 [M] whatever the type of x, y [M, F + 1]. No
/// gradient reaches the column.
struct AppendColumn {
  static constexpr const char* name = "append_column";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  Tensor column;
  double limit = 1;
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
