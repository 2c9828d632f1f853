// The per-channel arithmetic of batch-norm between its passes over the data, in double; shared by BatchNorm and
// ConvBlock.
#pragma once

#include <cstdint>

#include "ops/batch_norm.h"

namespace srwm::cpu {

/// Mean and M2 = sum of squared deviations from it, over the values of one channel.
struct ChannelMoments {
  double mean = 0, m2 = 0;
  double count = 0;

  /// Takes in the moments of further values (Chan, Golub, LeVeque, 1983).
  void merge(const ChannelMoments& other);
  /// From sums of (x - shift) and (x - shift)^2.
  static ChannelMoments of_shifted_sums(double shift, double sum, double squares, double count);
};

/// Moments of each channel of x [pixels, channels].
void channel_moments(Context& context, const float* x, std::int64_t pixels, std::int64_t channels,
                     ChannelMoments* moments);

/// Batch-norm of x as y = scale x + shift, with scale = gamma inv_std and shift = beta - mean scale.
struct Normalization {
  Tensor mean, inv_std, scale, shift;  ///< [C]

  /// By the batch's moments in training (`moments` is not read otherwise), else by the running statistics. `bias`,
  /// where given, is part of what the statistics describe but was left out of x.
  Normalization(Context& context, const BatchNormState& state, const ChannelMoments* moments, const float* gamma,
                const float* beta, const float* bias = nullptr);
};

/// running <- (1 - momentum) running + momentum batch; `bias` as above.
void update_running(const BatchNormState& state, const ChannelMoments* moments, const float* bias = nullptr);

/// The gradient of batch-norm, dL/dx = scale dL/dy + slope x + offset, from the sums over the values of a channel.
struct NormBackward {
  Tensor scale, slope, offset;  ///< [C]

  /// `sums`: rows sum of dL/dy, sum of dL/dy (x - mean), in double; `count` values per channel. Writes the gradients of
  /// gamma and beta. Where the statistics were the running ones, slope and offset are zero.
  NormBackward(Context& context, bool training, const Tensor& mean, const Tensor& inv_std, const Tensor& gamma,
               const double* sums, std::int64_t count, const Grad& dgamma, const Grad& dbeta);
};

/// Gradient of a bias in front of batch-norm: sum of dL/dy times scale; zero in training, where the mean takes the bias
/// away again. `sums` as above.
void put_bias_gradient(const Grad& dbias, bool training, const double* sums, const Tensor& scale);

/// Adds up `parts` rows of n floats in order, in double.
void add_up(const float* rows, std::int64_t parts, std::int64_t n, double* total);

/// Writes one element of a gradient the way its mode says.
void put(const Grad& gradient, std::int64_t at, double value);

}  // namespace srwm::cpu
