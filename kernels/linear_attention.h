// The additive fast-weight memory on the GPU: one launch for all steps. Definition: lib/ops/linear_attention.h.
#pragma once

#include "kernels/fast_weights.h"

namespace srwm::cuda {

/// Numbers saved per step and head: q', k' and the sums of f for q and k.
__host__ __device__ constexpr std::int64_t linear_attention_record(int d) {
  return 2 * d + 2;
}

struct LinearAttentionForward {
  FastWeightSizes sizes;
  float eps;
  const float* projected;     ///< [B, T, 3 h d]
  const float* w_first;       ///< [G, h, d, d] or nullptr: zeros
  const std::uint8_t* reset;  ///< [B, T] or nullptr
  float* y;                   ///< [B, T, h d]
  float* w_last;              ///< [B, h, d, d]
  float* steps;               ///< [B, h, T, linear_attention_record]
};
void linear_attention_forward(cudaStream_t stream, const LinearAttentionForward& p);

struct LinearAttentionBackward {
  FastWeightSizes sizes;
  const std::uint8_t* reset;
  const float *projected, *w_first;
  const float* steps;       ///< as forward left them
  const float* dL_dy;       ///< or nullptr: zero
  const float* dL_dw_last;  ///< or nullptr: zero
  float* dL_dprojected;     ///< or nullptr: not wanted
  bool accumulate;
  float* dL_dqueries;  ///< [B, h, T, d], working memory
  float* dL_dw_first;  ///< [B, h, d, d], of each sequence: overwritten
};
void linear_attention_backward(cudaStream_t stream, const LinearAttentionBackward& p);

}  // namespace srwm::cuda
