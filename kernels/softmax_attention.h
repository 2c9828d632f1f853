// Causal softmax attention on the GPU. Definition: lib/ops/softmax_attention.h.
#pragma once

#include "kernels/fast_weights.h"

namespace srwm::cuda {

struct AttentionSizes {
  int batch, steps, heads, d;
  int groups, past;  ///< initial states, and positions of each
};

/// Tensors that both ways use. Positions are those of the past, then those of the segment.
struct SoftmaxAttentionTensors {
  AttentionSizes sizes;
  const float* projected;     ///< [B, T, 3 h d]
  const float* past;          ///< [G, P, 2 h d + 1] or nullptr
  const std::uint8_t* reset;  ///< [B, T] or nullptr
  float* y;                   ///< [B, T, h d]
  float* memory;              ///< [B, P + T, 2 h d + 1]
  std::int32_t* first_seen;   ///< [B, T]: the first position that a step sees, as far as resets go
  float* log_sums;            ///< [B, h, T]: log sum_j exp(q_t . k_j / sqrt(d))
};
/// Fills y, memory, first_seen and log_sums.
void softmax_attention_forward(cudaStream_t stream, const SoftmaxAttentionTensors& p);

struct SoftmaxAttentionBackward {
  SoftmaxAttentionTensors forward;  ///< as forward left them
  const float* dL_dy;               ///< or nullptr: zero
  const float* dL_dmemory;          ///< or nullptr: zero
  float* dL_dprojected;             ///< or nullptr: not wanted
  bool accumulate;
  float* along;     ///< [B, h, T], working memory: dL/dy . y
  float* dL_dpast;  ///< [B, P, 2 h d + 1] of each sequence, overwritten but for the marks; or nullptr: not wanted
};
void softmax_attention_backward(cudaStream_t stream, const SoftmaxAttentionBackward& p);

}  // namespace srwm::cuda
