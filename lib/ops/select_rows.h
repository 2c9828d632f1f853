// Picks rows by index.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[m] = x[rows[m]], x [R, F], rows i32 [M], y [M, F]. Row indices must be in range and strictly increasing, so that
/// backward writes each row once; rows that are not picked get a zero gradient.
struct SelectRows {
  static constexpr const char* name = "select_rows";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  Tensor rows;
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
