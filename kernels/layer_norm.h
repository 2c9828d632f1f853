// Layer normalization of the rows of a matrix. Definition: lib/ops/layer_norm.h.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct LayerNormForward {
  std::int64_t rows, width;
  const float* x;             ///< [rows, width]
  const float *gamma, *beta;  ///< [width]
  float eps;
  float* y;               ///< [rows, width]
  float *mean, *inv_std;  ///< [rows], written
};
/// y = (x - mean) inv_std gamma + beta per row, inv_std = 1 / sqrt(var + eps).
void layer_norm(cudaStream_t stream, const LayerNormForward& p);

struct LayerNormBackward {
  std::int64_t rows, width;
  const float *x, *dL_dy;       ///< [rows, width]
  const float* gamma;           ///< [width]
  const float *mean, *inv_std;  ///< [rows], as forward left them
  float* dL_dx;
  bool accumulate;
};
/// dL_dx (+)= inv_std (d - mean(d) - xhat mean(d xhat)), d = dL_dy gamma, xhat = (x - mean) inv_std.
void layer_norm_backward(cudaStream_t stream, const LayerNormBackward& p);

}  // namespace srwm::cuda
