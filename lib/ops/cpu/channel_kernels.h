// Inner loops over channels-last data with one coefficient or one sum per channel: batch-norm, 2x2 max-pool and both
// fused. `pixels` rows of `channels` floats each.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// One image whose 2x2 windows are pooled; a last odd row or column belongs to no window.
struct PoolShape {
  std::int64_t height, width, channels;

  std::int64_t windows() const { return height / 2 * (width / 2); }
};

/// dx = scale dy + slope x + offset, each per channel: the gradient of batch-norm (normalization.h).
struct NormGradient {
  const float *scale, *slope, *offset;
};

/// An activation whose output is y: its gradient is 1 where y is above zero, else slope. Without y there is none.
struct LeakyReluOf {
  const float* y = nullptr;
  float slope = 1;
};

/// One pooled image: gradient, output and which pixel of each window was the largest.
struct PooledImage {
  const float* dy;
  const float* y;
  const std::uint8_t* winner;
};

struct ChannelKernels {
  /// Rows of `sums`: a shift (the first x), the sum of (x - shift) and of (x - shift)^2.
  void (*shifted_sums)(float* sums, const float* x, std::int64_t pixels, std::int64_t channels);
  /// sums = sum of x.
  void (*column_sums)(float* sums, const float* x, std::int64_t pixels, std::int64_t channels);
  /// y = scale x, or added to y.
  void (*scale)(float* y, const float* x, const float* scale, std::int64_t pixels, std::int64_t channels,
                bool accumulate);
  /// y = z where it is above zero, else slope z; z = scale x + shift + residual, which may be nullptr.
  void (*affine)(float* y, const float* x, const float* scale, const float* shift, const float* residual, float slope,
                 std::int64_t pixels, std::int64_t channels);
  /// With g = dy through the activation; rows of `sums`: sum of g, sum of g (x - mean).
  void (*gradient_sums)(float* sums, const float* dy, const LeakyReluOf& act, const float* x, const float* mean,
                        std::int64_t pixels, std::int64_t channels);
  /// dx = scale g + slope x + offset, or added to dx.
  void (*norm_gradient)(float* dx, const float* dy, const LeakyReluOf& act, const float* x, const NormGradient& k,
                        std::int64_t pixels, std::int64_t channels, bool accumulate);
  /// dz = g, or added to dz.
  void (*activation_gradient)(float* dz, const float* dy, const LeakyReluOf& act, std::int64_t pixels,
                              std::int64_t channels, bool accumulate);

  /// y = max over each window of x; winner = 2 r + s of the first largest element. A NaN wins.
  void (*pool)(float* y, std::uint8_t* winner, const float* x, const PoolShape& shape);
  /// dx = dy where the window was won, else 0; or added to dx.
  void (*pool_gradient)(float* dx, const float* dy, const std::uint8_t* winner, const PoolShape& shape,
                        bool accumulate);
  /// y = ReLU(max over each window of scale x + shift). A NaN wins and stays.
  void (*norm_pool_relu)(float* y, std::uint8_t* winner, const float* x, const float* scale, const float* shift,
                         const PoolShape& shape);
  /// With g = dy where y is not <= 0, else 0; rows of `sums`: sum of g, sum of g (x_winner - mean).
  void (*norm_pool_relu_sums)(float* sums, const PooledImage& pooled, const float* x, const float* mean,
                              const PoolShape& shape);
  /// dx = scale g + slope x + offset, g going to each window's winner.
  void (*norm_pool_relu_gradient)(float* dx, const PooledImage& pooled, const float* x, const NormGradient& k,
                                  const PoolShape& shape);
};

SRWM_DECLARE_KERNELS(ChannelKernels, channel_kernels)

}  // namespace srwm::cpu
