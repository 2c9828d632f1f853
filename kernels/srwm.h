// The self-referential weight matrix on the GPU: one launch for all steps. Definition: lib/ops/srwm.h.
#pragma once

#include "kernels/fast_weights.h"

namespace srwm::cuda {

/// Whether a kernel keeps W in registers: for head sizes 8, 16, 32, 64 with as many outputs. Others go through memory.
bool srwm_in_registers(int d, int out_dim);
/// Matrices that forward keeps for the backward pass, per sequence and head.
std::int64_t srwm_saved_matrices(int d, int out_dim, std::int64_t steps);

/// Rows of a head's matrix W: `out_dim` of W^y, d each of W^q and W^k, 4 of W^b.
__host__ __device__ constexpr int srwm_rows(int d, int out_dim) {
  return out_dim + 2 * d + 4;
}
/// Numbers saved per step and head: q', k', beta, delta, and phi if it is a softmax.
__host__ __device__ constexpr std::int64_t srwm_record(int d, int out_dim, bool input_softmax) {
  return 2 * d + 4 + srwm_rows(d, out_dim) + (input_softmax ? d : 0);
}

struct SrwmForward {
  FastWeightSizes sizes;
  int out_dim;  ///< outputs per head; below, rows = srwm_rows(d, out_dim)
  bool input_softmax;
  const float* x;             ///< [B, T, h d]
  const float* w_first;       ///< [G, h, d, rows]
  const float* w_reset;       ///< [1, h, d, rows], with reset
  const std::uint8_t* reset;  ///< [B, T] or nullptr
  float* y;                   ///< [B, T, h out_dim]
  float* w_last;              ///< [B, h, d, rows]
  float* steps;               ///< [B, h, T, srwm_record]
  float* saved_w;             ///< [B, h, srwm_saved_matrices(d, out_dim, T), d, rows]
  float* before_reset;        ///< [B, h, T, d, rows], with reset, in registers: W before it, where reset is 1
};
void srwm_forward(cudaStream_t stream, const SrwmForward& p);

struct SrwmBackward {
  FastWeightSizes sizes;
  int out_dim;
  bool input_softmax;
  const float* x;
  const std::uint8_t* reset;
  const float *w_last, *steps, *saved_w, *before_reset;  ///< as forward left them
  const float* dL_dy;                                    ///< or nullptr: zero
  const float* dL_dw_last;                               ///< or nullptr: zero
  float* dL_dx;                                          ///< or nullptr: not wanted
  bool accumulate_dx;
  float* dL_dw_first;  ///< [B, h, d, rows], of each sequence: overwritten
  float* dL_dw_reset;  ///< [B, h, d, rows], of each sequence: added to; needed with reset
};
void srwm_backward(cudaStream_t stream, const SrwmBackward& p);

}  // namespace srwm::cuda
