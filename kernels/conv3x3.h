// 3x3 convolution, stride 1, zero padding 1, channels last, as a product of matrices that are never formed.
//
// A pixel is a row (n, h, w) of the batch counted through: pixel m of x [N, H, W, I] is x + m I. Tap t = 3 r + s of
// pixel m is pixel m + (r - 1) W + s - 1 where that lies in the same image, else zeros.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct ConvShape {
  std::int64_t images, height, width, in, out;

  std::int64_t pixels() const { return images * height * width; }
  /// Of the convolution that gives the gradient of the input.
  ConvShape transposed() const { return {images, height, width, out, in}; }
};

/// Weights [O, I, 3, 3] as [9 I, O], row t I + i; or, for the gradient of the input, as [9 O, I], row t O + o holding
/// weight[o, i] at tap 8 - t. `to` has room for 9 I O floats.
void arrange_weights(cudaStream_t stream, const ConvShape& shape, const float* weight, float* to);
void arrange_weights_transposed(cudaStream_t stream, const ConvShape& shape, const float* weight, float* to);

/// y[m, o] (+)= bias[o] + sum over t, i of x[m tap t, i] arranged[t I + i, o]; `bias` may be nullptr.
void conv3x3(cudaStream_t stream, const ConvShape& shape, const float* x, const float* arranged, const float* bias,
             float* y, bool accumulate);

/// Parts of the batch that the weights' gradient is summed over apart; `partial` below is [slices, 9 I, O].
std::int64_t weight_gradient_slices(const ConvShape& shape);
/// dL_dweight[o, i, t] (+)= sum over pixels m of dL_dy[m, o] x[m tap t, i], in an order that depends on the shape
/// alone.
void conv3x3_weight_gradient(cudaStream_t stream, const ConvShape& shape, const float* x, const float* dL_dy,
                             float* partial, float* dL_dweight, bool accumulate);

}  // namespace srwm::cuda
