// Causal softmax attention of one (sequence, head) as vector code: what ops/cpu/softmax_attention.cpp runs over
// threads.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Tensors of ops/softmax_attention.h; log_sums [B, h, T] has log sum_j exp(q_t . k_j / sqrt(d)) of every step.
struct SoftmaxAttentionProblem {
  std::int64_t batch = 0, steps = 0, heads = 0, d = 0, past_steps = 0, groups = 1;
  const std::uint8_t* reset = nullptr;  ///< or nullptr
  const float* projected = nullptr;
  const float* past = nullptr;  ///< or nullptr
  float* memory = nullptr;
  float* log_sums = nullptr;
};

/// Where the gradients of one slice come from and go to; any may be nullptr.
struct SoftmaxAttentionGradients {
  const float *y = nullptr, *dL_dy = nullptr, *dL_dmemory = nullptr;
  float* dL_dprojected = nullptr;
  bool add_to_dL_dprojected = false;
  float* dL_dpast = nullptr;  ///< [P, 2 h d + 1]: the columns of one head, to which the sum over the slice is added
};

/// Sequences [first, last), all of one group, of one head.
struct SoftmaxAttentionSlice {
  std::int64_t first = 0, last = 0, head = 0;
};

struct SoftmaxAttentionKernels {
  /// Floats of working memory of one thread.
  std::int64_t (*forward_scratch)(const SoftmaxAttentionProblem&);
  std::int64_t (*backward_scratch)(const SoftmaxAttentionProblem&);
  /// Writes y, log_sums and memory; the marks with head 0.
  void (*forward)(const SoftmaxAttentionProblem&, std::int64_t sequence, std::int64_t head, float* scratch, float* y);
  void (*backward)(const SoftmaxAttentionProblem&, const SoftmaxAttentionSlice&, const SoftmaxAttentionGradients&,
                   float* scratch);
};
SRWM_DECLARE_KERNELS(SoftmaxAttentionKernels, softmax_attention_kernels)

}  // namespace srwm::cpu
