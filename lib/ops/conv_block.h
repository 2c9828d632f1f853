// The block that Conv-4 is made of (Vinyals et al., 2016), fused.
#pragma once

#include "ops/batch_norm.h"
#include "ops/op.h"

namespace srwm {

/// y = ReLU(MaxPool2x2(BatchNorm(Conv3x3(x)))): x [N, H, W, I], weight [O, I, 3, 3], bias, gamma, beta [O],
/// y [N, H/2, W/2, O]. The same as the four ops one after the other, with fewer passes over memory. (A dropout between
/// pool and ReLU commutes with the ReLU and is applied to y.)
/// In training mode the gradient of `bias` is zero, since batch-norm subtracts the mean.
struct ConvBlock {
  static constexpr const char* name = "conv_block";
  static constexpr int inputs = 5, outputs = 1;
  enum In { x, weight, bias, gamma, beta };
  BatchNormState state;

  /// What is kept differs from body to body; unused tensors stay absent.
  struct Saved {
    Tensor convolved;      // [N, H, W, O], where the body stores it
    Tensor winner;         // u8, shape of y: 2 r + s of the largest element of each window
    Tensor mean, inv_std;  // [O]
    Tensor patch_mean;     // first layer: mean and covariance of the 3x3 patches of x
    Tensor patch_covariance;
    Tensor patch_moments;  // the same as sums
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
