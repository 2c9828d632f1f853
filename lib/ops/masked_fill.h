// Sets the state of chosen sequences to zero.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[b] = x[b], or 0 where mask[b, step] is 1; x [B, ...], mask u8 [B, T] of 0 and 1.
struct MaskedFill {
  static constexpr const char* name = "masked_fill";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  Tensor mask;
  std::int64_t step = 0;  ///< in [0, T)
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
