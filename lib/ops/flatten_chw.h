// Feature maps to feature vectors in PyTorch's order.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[n, (c H + h) W + w] = x[n, h, w, c]: x [N, H, W, C] channels last, y [N, C H W] as torch.flatten gives from
/// [N, C, H, W], so that the weights of the next layer need no permutation.
struct FlattenChw {
  static constexpr const char* name = "flatten_chw";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
