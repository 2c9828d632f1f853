// 2x2 max-pooling, stride 2, channels last.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[n, h, w, c] = max over r, s in {0, 1} of x[n, 2h + r, 2w + s, c]; x [N, H, W, C], y [N, H/2, W/2, C] rounded
/// down (a last odd row or column is dropped). The gradient goes to the first largest element in row-major order.
struct MaxPool2x2 {
  static constexpr const char* name = "max_pool2x2";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };

  struct Saved {
    Tensor winner;  // u8, shape of y: 2 r + s of the largest element
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
