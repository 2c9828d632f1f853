// The first block of a convolutional network: convolution, batch-norm, 2x2 max-pool and ReLU on images of one to three
// channels, in passes that never store the convolved images. Those would be the largest numbers of the network by far;
// computing them takes 9 I multiply-adds each.
//
// A patch p is what one pixel of the convolution sees: 9 I numbers, its taps, in the order (i, r, s) of the weights.
// Mean and variance of a channel c = w . p follow from mean and covariance of the patches: E[c] = w . E[p],
// Var(c) = w . Cov(p) w. With g what reaches a window's winner, the gradient of the convolution is
// dL/dc = scale g + slope c + offset (kernels/batch_norm.h), so that
//   dL/dw = sum of dL/dc p = scale sum of g p + slope sum of c p + offset sum of p
//         = scale (sum of g p - sum of g E[p]) + slope count Cov(p) w,
// and only sum of g p has to be formed over the images.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/batch_norm.h"
#include "kernels/pool.h"

namespace srwm::cuda {

constexpr std::int64_t first_block_most_channels = 3;

struct FirstBlockShape {
  std::int64_t images, height, width, in, out;

  std::int64_t pixels() const { return images * height * width; }
  std::int64_t taps() const { return 9 * in; }
  PoolShape pooled() const { return {images, height, width, out}; }
};

/// Doubles that `patch_sums` writes, and those it needs to work with.
std::int64_t patch_sum_doubles(const FirstBlockShape& shape);
std::int64_t patch_partial_doubles(const FirstBlockShape& shape);
/// Sums over all pixels of x of the patches' taps and of products of two of them.
void patch_sums(cudaStream_t stream, const FirstBlockShape& shape, const float* x, double* partial, double* sums);
/// Of w . p for each channel, as a single slice [1, 2, out]: mean and sum of squared deviations.
void first_block_moments(cudaStream_t stream, const FirstBlockShape& shape, const double* patch_sums,
                         const float* weight, float* moments);

/// y = ReLU(max over each window of scale (w . p) + shift), winner as in kernels/pool.h.
void first_block_forward(cudaStream_t stream, const FirstBlockShape& shape, const float* x, const float* weight,
                         const Normalization& norm, float* y, std::uint8_t* winner);

/// Slices that the sums of the backward pass are cut into: floats [slices, 1 + taps, out].
std::int64_t first_block_slices(const FirstBlockShape& shape);
/// With g as in norm_pool_relu_sums: row 0 the sum of g, row 1 + k that of g p_k at the winners, of each slice.
void first_block_winner_sums(cudaStream_t stream, const FirstBlockShape& shape, const float* x, const Pooled& pooled,
                             float* partial);
/// Adds the slices to `sums` [1 + taps, out], and makes of them the sums of g and of g (w . p - mean) as
/// norm_gradient wants them, a single slice [1, 2, out].
void first_block_channel_sums(cudaStream_t stream, const FirstBlockShape& shape, const float* partial,
                              const float* weight, const float* mean, double* sums, float* channel_sums);
struct FirstBlockWeightGradient {
  bool training;
  const double* sums;        ///< as first_block_channel_sums left them
  const double* patch_sums;  ///< of patch_sums; needed in training
  const float* weight;       ///< [out, taps]
  NormGradient k;
  float* dL_dweight;
  bool accumulate;
};
/// dL_dweight (+)= as above; without `training` only scale sum of g p.
void first_block_weight_gradient(cudaStream_t stream, const FirstBlockShape& shape, const FirstBlockWeightGradient& p);

}  // namespace srwm::cuda
