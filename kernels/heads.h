// Small ops that work head by head. Definitions: lib/ops/head_linear.h, lib/ops/shift_keys.h.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct HeadSizes {
  std::int64_t rows;
  int heads, in, out;
};

/// y[m, h, o] = sum_i x[m, h, i] w[h, i, o].
void head_linear(cudaStream_t stream, const HeadSizes& n, const float* x, const float* w, float* y);
/// dL_dx[m, h, i] (+)= sum_o dL_dy[m, h, o] w[h, i, o].
void head_linear_backward(cudaStream_t stream, const HeadSizes& n, const float* w, const float* dL_dy, float* dL_dx,
                          bool accumulate);
/// dL_dw[h, i, o] (+)= sum_m x[m, h, i] dL_dy[m, h, o], in the order of m.
void head_linear_weight_gradient(cudaStream_t stream, const HeadSizes& n, const float* x, const float* dL_dy,
                                 float* dL_dw, bool accumulate);

/// y = [q - max(q), k - max(k), v, b] for `count` heads of 3 d + 1 numbers.
void shift_keys(cudaStream_t stream, const float* x, float* y, std::int64_t count, int d);
void shift_keys_backward(cudaStream_t stream, const float* x, const float* dL_dy, float* dL_dx, bool accumulate,
                         std::int64_t count, int d);

}  // namespace srwm::cuda
