// 3x3 convolution, stride 1, zero padding 1, channels last, as a product of matrices that are never formed.
//
// A pixel is a row (n, h, w) of the batch counted through: pixel m of x [N, H, W, I] is x + m I. Tap t = 3 r + s of
// pixel m is pixel m + (r - 1) W + s - 1 where that lies in the same image, else zeros.
//
// Channel counts that are multiples of four, from 16 on, go to tensor cores (conv3x3_tensor.h) and are rounded as the
// precision says; others are computed in float32 whatever it says.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/precision.h"

namespace srwm::cuda {

struct ConvShape {
  std::int64_t images, height, width, in, out;

  std::int64_t pixels() const { return images * height * width; }
  /// Of the convolution that gives the gradient of the input.
  ConvShape transposed() const { return {images, height, width, out, in}; }
};

/// Which weights a convolution of `shape` has: those of the layer, [out, in, 3, 3]; or for the gradient of its input
/// (`shape` transposed) those of the layer, [in, out, 3, 3], turned by half a circle.
enum class WeightsOf { layer, input_gradient };

/// The weights in the order in which conv3x3 reads them, with `arranged_floats` of room.
std::int64_t arranged_floats(const ConvShape& shape, ProductPrecision precision);
void arrange_weights(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, WeightsOf use,
                     const float* weight, float* to);

struct ConvOutput {
  float* y = nullptr;
  const float* bias = nullptr;  ///< may be nullptr
  bool accumulate = false;      ///< add to y
  float* moments = nullptr;  ///< ChannelMoments of y (kernels/batch_norm.h), conv_moment_pixels a slice; may be nullptr
};
std::int64_t conv_moment_pixels(const ConvShape& shape);

/// y[m, o] (+)= bias[o] + sum over t, i of x[m tap t, i] weight[o, i, t].
void conv3x3(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, const float* x,
             const float* arranged, const ConvOutput& out);

/// Parts of the batch that the weights' gradient is summed over apart; `partial` below is [slices, 9 I, O].
std::int64_t weight_gradient_slices(const ConvShape& shape);
/// dL_dweight[o, i, t] (+)= sum over pixels m of dL_dy[m, o] x[m tap t, i], in an order that depends on the shape
/// alone.
struct ConvWeightGradient {
  const float *x, *dL_dy;
  float* partial;
  float* dL_dweight;
  bool accumulate;
};
void conv3x3_weight_gradient(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision,
                             const ConvWeightGradient& p);

}  // namespace srwm::cuda
