// Affine map of the last axis.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[m, o] = sum_i x[m, i] weight[o, i] + bias[o]; x and y may have any rank, all axes but the last are rows m.
/// Layout of weight and bias as torch.nn.Linear. bias may be absent.
struct Linear {
  static constexpr const char* name = "linear";
  static constexpr int inputs = 3, outputs = 1;
  enum In { x, weight, bias };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
