// The SRWM of one (sequence, head) as vector code: what ops/cpu/srwm.cpp runs over threads.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Sizes of what the kernels keep, in floats, for one head size.
struct SrwmLayout {
  std::int64_t record = 0;         ///< saved per step
  std::int64_t matrix = 0;         ///< one W with its padding
  std::int64_t segment_steps = 0;  ///< W is saved every so many steps; 0: head size not supported
  std::int64_t scratch = 0;        ///< working memory of one thread
};

/// Tensors of ops/srwm.h and what forward saves: steps [h, B, T, record], segments [h, B, segments - 1, matrix] with
/// W at the start of every segment but the first.
struct SrwmProblem {
  std::int64_t batch = 0, steps = 0, groups = 0, heads = 0;
  int d = 0;
  bool input_softmax = false;
  const std::uint8_t* reset = nullptr;  ///< or nullptr
  const float *x = nullptr, *w_first = nullptr, *w_reset = nullptr;
  float *saved_steps = nullptr, *segments = nullptr;
};

/// Where the gradients of one slice come from and go to; any may be nullptr.
struct SrwmGradients {
  const float *dL_dy = nullptr, *dL_dw_last = nullptr;
  float* dL_dx = nullptr;
  bool add_to_dL_dx = false;
  float* dL_dw_first = nullptr;  ///< [d, 3d+4]: the sum over the slice
  bool add_to_dL_dw_first = false;
  float* dL_dw_reset = nullptr;  ///< [d, 3d+4]: the sum over the slice, overwritten
};

/// Sequences [first, last), all of one group, of one head.
struct SrwmSlice {
  std::int64_t first = 0, last = 0, head = 0;
};

struct SrwmKernels {
  SrwmLayout (*layout)(int d, bool input_softmax);
  void (*forward)(const SrwmProblem&, std::int64_t sequence, std::int64_t head, float* scratch, float* y,
                  float* w_last);
  void (*backward)(const SrwmProblem&, const SrwmSlice&, const SrwmGradients&, float* scratch);
};
SRWM_DECLARE_KERNELS(SrwmKernels, srwm_kernels)

}  // namespace srwm::cpu
