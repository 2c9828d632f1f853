// Batch normalization (Ioffe, Szegedy, 2015) per channel, channels last.
#pragma once

#include "ops/op.h"

namespace srwm {

/// Running statistics as in torch.nn.BatchNorm2d: r <- (1 - momentum) r + momentum s, s the batch mean or the unbiased
/// batch variance. Used instead of the batch's own where `training` is false. Shared by BatchNorm and ConvBlock.
struct BatchNormState {
  Tensor running_mean, running_var;  ///< [C]
  bool training = true;              ///< normalize with the batch's statistics and update the running ones
  static constexpr double default_momentum = 0.1;
  double momentum = default_momentum;
  double eps = 1e-5;

  /// Throws ShapeError unless the running statistics fit `channels` and, in training, a channel has enough `values`.
  void check(const char* op, std::int64_t channels, std::int64_t values, DType dtype) const;
};

/// y[n, h, w, c] = act((x[n, h, w, c] - mean_c) / sqrt(var_c + eps) gamma[c] + beta[c] + residual[n, h, w, c]), x and y
/// [N, H, W, C]; act(z) = z above zero, slope z below: LeakyReLU. The residual, of the same shape, may be absent.
/// Training: mean and biased variance over n, h, w, through which the gradient flows. Otherwise the running ones.
/// Backward is defined for both.
struct BatchNorm {
  static constexpr const char* name = "batch_norm";
  static constexpr int inputs = 4, outputs = 1;
  enum In { x, gamma, beta, residual };
  BatchNormState state;
  double slope = 1;  ///< above 0, so that y tells which side z was on; 1: no activation

  struct Saved {
    Tensor mean, inv_std;  // [C]
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
