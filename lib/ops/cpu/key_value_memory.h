// The key-value memories, DeltaNet's and the additive one of the linear Transformer, of one (sequence, head) as vector
// code: what key_value_body.h runs over threads.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Sizes of what the kernels keep, in floats, for one head size; all 0: head size not supported.
struct KeyValueLayout {
  std::int64_t record = 0;         ///< saved per step
  std::int64_t matrix = 0;         ///< one W; working memory of one thread in forward
  std::int64_t segment_steps = 0;  ///< W is saved every so many steps; 0: never
  std::int64_t scratch = 0;        ///< working memory of one thread in backward
};

/// Tensors of ops/delta_net.h or ops/linear_attention.h and what forward saves: steps [h, B, T, record], segments
/// [h, B, segments - 1, matrix] with W at the start of every segment but the first.
struct KeyValueProblem {
  std::int64_t batch = 0, steps = 0, groups = 0, heads = 0;
  int d = 0;
  float eps = 0;
  const std::uint8_t* reset = nullptr;  ///< or nullptr
  const float* projected = nullptr;
  const float* w_first = nullptr;  ///< or nullptr for zeros
  float* saved_steps = nullptr;
  float* segments = nullptr;  ///< of a memory with segment_steps > 0
};

/// Where the gradients of one slice come from and go to; any may be nullptr.
struct KeyValueGradients {
  const float *dL_dy = nullptr, *dL_dw_last = nullptr;
  float* dL_dprojected = nullptr;
  bool add_to_dL_dprojected = false;
  float* dL_dw_first = nullptr;  ///< [d, d]: the sum over the slice
  bool add_to_dL_dw_first = false;
};

/// Sequences [first, last), all of one group, of one head.
struct KeyValueSlice {
  std::int64_t first = 0, last = 0, head = 0;
};

struct KeyValueKernels {
  KeyValueLayout (*layout)(int d);
  void (*forward)(const KeyValueProblem&, std::int64_t sequence, std::int64_t head, float* scratch, float* y,
                  float* w_last);
  void (*backward)(const KeyValueProblem&, const KeyValueSlice&, const KeyValueGradients&, float* scratch);
};
SRWM_DECLARE_KERNELS(KeyValueKernels, delta_net_kernels)
SRWM_DECLARE_KERNELS(KeyValueKernels, linear_attention_kernels)

}  // namespace srwm::cpu
