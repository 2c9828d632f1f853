// 3x3 convolution, stride 1, zero padding 1, channels last.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[n, h, w, o] = bias[o] + sum_{i, r, s} x[n, h + r - 1, w + s - 1, i] weight[o, i, r, s], zero outside the image.
/// x [N, H, W, I], y [N, H, W, O]; weight [O, I, 3, 3] and bias [O] as torch.nn.Conv2d. bias may be absent.
struct Conv3x3 {
  static constexpr const char* name = "conv3x3";
  static constexpr int inputs = 3, outputs = 1;
  enum In { x, weight, bias };
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
