// 3x3 max-pooling, stride 2, padding 1, channels last.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[n, h, w, c] = max over r, s in {0, 1, 2} of x[n, 2h + r - 1, 2w + s - 1, c] inside the image; x [N, H, W, C],
/// y [N, H/2, W/2, C] rounded up, as torch.nn.MaxPool2d(3, stride=2, padding=1). The gradient goes to the first largest
/// element in row-major order; a NaN is larger than anything.
struct MaxPool3x3 {
  static constexpr const char* name = "max_pool3x3";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };

  struct Saved {
    Tensor winner;  // u8, shape of y: 3 r + s of the largest element
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
