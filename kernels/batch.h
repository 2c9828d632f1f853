// Ops on batches of rows and of states: what is added to, taken from or moved within them.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// y[m] = [x[m], column[m] clipped to [-limit, limit]]: x [rows, features], y [rows, features + 1].
void append_column(cudaStream_t stream, const float* x, const float* column, float limit, float* y, std::int64_t rows,
                   std::int64_t features);
/// dL_dx[m, f] (+)= dL_dy[m, f] for f < features.
void append_column_backward(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                            std::int64_t features);

/// y[b, i] = x[b, i] + scale shared[i], b < batch, i < n.
void broadcast_add(cudaStream_t stream, const float* x, const float* shared, float scale, float* y, std::int64_t batch,
                   std::int64_t n);
/// dL_dshared[i] (+)= scale sum_b dL_dy[b, i], in the order of b.
void broadcast_add_backward(cudaStream_t stream, const float* dL_dy, float scale, float* dL_dshared, bool accumulate,
                            std::int64_t batch, std::int64_t n);

/// y[t, b, i] (+)= x[b, t, i]: x [batch, steps, width]. With batch and steps exchanged it is its own inverse.
void swap_axes(cudaStream_t stream, const float* x, float* y, bool accumulate, std::int64_t batch, std::int64_t steps,
               std::int64_t width);

struct MaskedFillLaunch {
  std::int64_t batch, n;
  const float* x;            ///< [batch, n]
  const std::uint8_t* mask;  ///< an element every `stride`
  std::int64_t stride;
  float* y;  ///< [batch, n]
  bool accumulate;
};
/// y[b, i] (+)= mask[b * stride] ? 0 : x[b, i].
void masked_fill(cudaStream_t stream, const MaskedFillLaunch& p);

}  // namespace srwm::cuda
