// The self-referential weight matrix on the GPU: one launch for all steps. Definition: lib/ops/srwm.h.
#pragma once

#include "kernels/fast_weights.h"

namespace srwm::cuda {

/// Head sizes with a kernel that keeps W in registers: 8, 16, 32, 64. Others go through memory.
bool srwm_in_registers(int d);
/// Matrices that forward keeps for the way back, per sequence and head.
std::int64_t srwm_kept_matrices(int d, std::int64_t steps);

/// Numbers saved per step and head: q', k', beta, delta, and phi if it is a softmax.
__host__ __device__ constexpr std::int64_t srwm_record(int d, bool input_softmax) {
  return 2 * d + 4 + 3 * d + 4 + (input_softmax ? d : 0);
}

struct SrwmForward {
  FastWeightSizes sizes;
  bool input_softmax;
  const float* x;             ///< [B, T, h d]
  const float* w_first;       ///< [G, h, d, 3d+4]
  const float* w_reset;       ///< [1, h, d, 3d+4], with reset
  const std::uint8_t* reset;  ///< [B, T] or nullptr
  float* y;                   ///< [B, T, h d]
  float* w_last;              ///< [B, h, d, 3d+4]
  float* steps;               ///< [B, h, T, srwm_record]
  float* kept;                ///< [B, h, srwm_kept_matrices(d, T), d, 3d+4]
  float* before_reset;        ///< [B, h, T, d, 3d+4], with reset, in registers: W before it, where reset is 1
};
void srwm_forward(cudaStream_t stream, const SrwmForward& p);

struct SrwmBackward {
  FastWeightSizes sizes;
  bool input_softmax;
  const float* x;
  const std::uint8_t* reset;
  const float *w_last, *steps, *kept, *before_reset;  ///< as forward left them
  const float* dL_dy;                                 ///< or nullptr: zero
  const float* dL_dw_last;                            ///< or nullptr: zero
  float* dL_dx;                                       ///< or nullptr: not wanted
  bool accumulate_dx;
  float* dL_dw_first;  ///< [B, h, d, 3d+4], of each sequence: overwritten
  float* dL_dw_reset;  ///< [B, h, d, 3d+4], of each sequence: added to; needed with reset
};
void srwm_backward(cudaStream_t stream, const SrwmBackward& p);

}  // namespace srwm::cuda
