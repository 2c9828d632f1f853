// Batch normalization per channel of x [pixels, C], channels last: sums over the pixels, what follows from them for
// each channel, and the passes over the data.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// Mean and sum of squared deviations from it, of each slice of `slice_pixels` pixels (the last may be shorter), rows
/// [slices, 2, C].
struct ChannelMoments {
  float* partial;
  std::int64_t slice_pixels;

  static std::int64_t floats(std::int64_t pixels, std::int64_t slice_pixels, std::int64_t channels) {
    return (pixels + slice_pixels - 1) / slice_pixels * 2 * channels;
  }
};

/// Pixels that one block of the sums below takes; they need `partial` of channel_sum_floats.
constexpr std::int64_t norm_slice_pixels = 512;
std::int64_t channel_sum_floats(std::int64_t pixels, std::int64_t channels);

/// The moments of x, in slices of norm_slice_pixels.
void channel_moments(cudaStream_t stream, const float* x, std::int64_t pixels, std::int64_t channels, float* partial);

/// What a channel is normalized with, rows of C floats: y = scale x + shift, scale = gamma inv_std,
/// shift = beta - mean scale.
struct Normalization {
  float *mean, *inv_std, *scale, *shift;
};

struct NormOptions {
  const float *gamma, *beta;
  const float* bias;  ///< part of what the running statistics describe, but left out of x; may be nullptr
  float *running_mean, *running_var;
  double momentum, eps;
};

/// From the batch's moments, merged in double; running <- (1 - momentum) running +
/// momentum batch, with the unbiased variance.
void normalize_by_batch(cudaStream_t stream, const NormOptions& options, const ChannelMoments& moments,
                        std::int64_t pixels, std::int64_t channels, const Normalization& out);
/// From the running statistics.
void normalize_by_running(cudaStream_t stream, const NormOptions& options, std::int64_t channels,
                          const Normalization& out);

/// y = scale x + shift.
void scale_and_shift(cudaStream_t stream, const float* x, const Normalization& norm, float* y, std::int64_t pixels,
                     std::int64_t channels);

/// Sums of dL_dy and of dL_dy (x - mean) of each slice: `partial` [slices, 2, C], slices of norm_slice_pixels.
void norm_gradient_sums(cudaStream_t stream, const float* dL_dy, const float* x, const float* mean, float* partial,
                        std::int64_t pixels, std::int64_t channels);

/// dL_dx = scale dL_dy + slope x + offset, rows of C floats.
struct NormGradient {
  float *scale, *slope, *offset;
};

/// Gradients of the vectors; those that are not wanted are nullptr.
struct NormParameterGradients {
  float *dL_dgamma, *dL_dbeta, *dL_dbias;
  bool add_gamma, add_beta, add_bias;  ///< add to what is there
};

struct NormGradientSums {
  bool training;
  std::int64_t channels;
  const float* partial;                 ///< sums of slices of norm_slice_pixels, as norm_gradient_sums makes them
  std::int64_t summed;                  ///< pixels or windows that the slices cover
  std::int64_t values;                  ///< numbers of a channel that were normalized together
  const float *mean, *inv_std, *gamma;  ///< [C]
};
/// With running statistics (`training` false) slope and offset are zero. A bias in front of batch-norm has gradient
/// zero in training, since the mean takes it away.
void norm_gradient(cudaStream_t stream, const NormGradientSums& p, const NormGradient& out,
                   const NormParameterGradients& parameters);

struct NormInputGradient {
  std::int64_t pixels, channels;
  NormGradient k;
  const float *dL_dy, *x;  ///< [pixels, C]
  float* dL_dx;
  bool accumulate;
};
/// dL_dx (+)= scale dL_dy + slope x + offset.
void apply_norm_gradient(cudaStream_t stream, const NormInputGradient& p);

}  // namespace srwm::cuda
