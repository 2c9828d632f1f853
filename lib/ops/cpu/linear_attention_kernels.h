// The additive fast-weight memory of one (sequence, head) as vector code: what ops/cpu/linear_attention.cpp runs over
// threads.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Sizes of what the kernels keep, in floats, for one head size; all 0: head size not supported.
struct LinearAttentionLayout {
  std::int64_t record = 0;   ///< saved per step
  std::int64_t scratch = 0;  ///< working memory of one thread
};

/// Tensors of ops/linear_attention.h and what forward saves: steps [h, B, T, record].
struct LinearAttentionProblem {
  std::int64_t batch = 0, steps = 0, groups = 0, heads = 0;
  int d = 0;
  float eps = 0;
  const std::uint8_t* reset = nullptr;  ///< or nullptr
  const float* projected = nullptr;
  const float* w_first = nullptr;  ///< or nullptr for zeros
  float* saved_steps = nullptr;
};

/// Where the gradients of one slice come from and go to; any may be nullptr.
struct LinearAttentionGradients {
  const float *dL_dy = nullptr, *dL_dw_last = nullptr;
  float* dL_dprojected = nullptr;
  bool add_to_dL_dprojected = false;
  float* dL_dw_first = nullptr;  ///< [d, d]: the sum over the slice
  bool add_to_dL_dw_first = false;
};

/// Sequences [first, last), all of one group, of one head.
struct LinearAttentionSlice {
  std::int64_t first = 0, last = 0, head = 0;
};

struct LinearAttentionKernels {
  LinearAttentionLayout (*layout)(int d);
  void (*forward)(const LinearAttentionProblem&, std::int64_t sequence, std::int64_t head, float* scratch, float* y,
                  float* w_last);
  void (*backward)(const LinearAttentionProblem&, const LinearAttentionSlice&, const LinearAttentionGradients&,
                   float* scratch);
};
SRWM_DECLARE_KERNELS(LinearAttentionKernels, linear_attention_kernels)

}  // namespace srwm::cpu
