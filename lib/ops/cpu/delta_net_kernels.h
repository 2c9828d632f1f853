// DeltaNet of one (sequence, head) as vector code: what ops/cpu/delta_net.cpp runs over threads.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// Sizes of what the kernels keep, in floats, for one head size.
struct DeltaNetLayout {
  std::int64_t record = 0;         ///< saved per step
  std::int64_t matrix = 0;         ///< one W
  std::int64_t segment_steps = 0;  ///< W is saved every so many steps; 0: head size not supported
  std::int64_t scratch = 0;        ///< working memory of one thread
};

/// Tensors of ops/delta_net.h and what forward saves: steps [h, B, T, record], segments [h, B, segments - 1, matrix]
/// with W at the start of every segment but the first.
struct DeltaNetProblem {
  std::int64_t batch = 0, steps = 0, groups = 0, heads = 0;
  int d = 0;
  float eps = 0;
  const std::uint8_t* reset = nullptr;  ///< or nullptr
  const float* projected = nullptr;
  const float* w_first = nullptr;  ///< or nullptr for zeros
  float *saved_steps = nullptr, *segments = nullptr;
};

/// Where the gradients of one slice come from and go to; any may be nullptr.
struct DeltaNetGradients {
  const float *dL_dy = nullptr, *dL_dw_last = nullptr;
  float* dL_dprojected = nullptr;
  bool add_to_dL_dprojected = false;
  float* dL_dw_first = nullptr;  ///< [d, d]: the sum over the slice
  bool add_to_dL_dw_first = false;
};

/// Sequences [first, last), all of one group, of one head.
struct DeltaNetSlice {
  std::int64_t first = 0, last = 0, head = 0;
};

struct DeltaNetKernels {
  DeltaNetLayout (*layout)(int d);
  void (*forward)(const DeltaNetProblem&, std::int64_t sequence, std::int64_t head, float* scratch, float* y,
                  float* w_last);
  void (*backward)(const DeltaNetProblem&, const DeltaNetSlice&, const DeltaNetGradients&, float* scratch);
};
SRWM_DECLARE_KERNELS(DeltaNetKernels, delta_net_kernels)

}  // namespace srwm::cpu
