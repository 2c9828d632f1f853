// 2x2 max-pooling, stride 2, channels last, alone and fused with the batch-norm before and the ReLU after it.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/batch_norm.h"

namespace srwm::cuda {

/// Images whose 2x2 windows are pooled; a last odd row or column belongs to no window.
struct PoolShape {
  std::int64_t images, height, width, channels;

  std::int64_t pixels() const { return images * height * width; }
  std::int64_t windows() const { return images * (height / 2) * (width / 2); }
};

/// y = max over each window of x; winner = 2 r + s of the first largest element. A NaN wins.
void max_pool(cudaStream_t stream, const PoolShape& shape, const float* x, float* y, std::uint8_t* winner);
/// dL_dx (+)= dL_dy where the window was won, else 0.
void max_pool_backward(cudaStream_t stream, const PoolShape& shape, const float* dL_dy, const std::uint8_t* winner,
                       float* dL_dx, bool accumulate);

/// y = ReLU(max over each window of scale x + shift), winner as above. A NaN wins and stays.
void norm_pool_relu(cudaStream_t stream, const PoolShape& shape, const float* x, const Normalization& norm, float* y,
                    std::uint8_t* winner);

/// The pooled images of a backward pass.
struct Pooled {
  const float *dL_dy, *y;
  const std::uint8_t* winner;
};
/// With g = dL_dy where y is not <= 0, else 0: sums of g and of g (x_winner - mean) of each slice of windows, `partial`
/// [slices, 2, C], slices of norm_slice_pixels.
void norm_pool_relu_sums(cudaStream_t stream, const PoolShape& shape, const Pooled& pooled, const float* x,
                         const float* mean, float* partial);
/// dL_dx = scale g + slope x + offset, g going to each window's winner.
void norm_pool_relu_gradient(cudaStream_t stream, const PoolShape& shape, const Pooled& pooled, const float* x,
                             const NormGradient& k, float* dL_dx);

}  // namespace srwm::cuda
