// DeltaNet's fast-weight memory on the GPU: one launch for all steps. Definition: lib/ops/delta_net.h.
#pragma once

#include "kernels/fast_weights.h"

namespace srwm::cuda {

/// Matrices that forward keeps for the backward pass, per sequence and head.
std::int64_t delta_net_saved_matrices(int d, std::int64_t steps);

/// Numbers saved per step and head: q', k', delta, beta and the sums of f for q and k.
__host__ __device__ constexpr std::int64_t delta_net_record(int d) {
  return 3 * d + 3;
}

struct DeltaNetForward {
  FastWeightSizes sizes;
  float eps;
  const float* projected;     ///< [B, T, h (3d+1)]
  const float* w_first;       ///< [G, h, d, d] or nullptr: zeros
  const std::uint8_t* reset;  ///< [B, T] or nullptr
  float* y;                   ///< [B, T, h d]
  float* w_last;              ///< [B, h, d, d]
  float* steps;               ///< [B, h, T, delta_net_record]
  float* saved_w;             ///< [B, h, delta_net_saved_matrices(d, T), d, d]
  float* before_reset;        ///< [B, h, T, d, d], with reset, in registers: W before it, where reset is 1
};
void delta_net_forward(cudaStream_t stream, const DeltaNetForward& p);

struct DeltaNetBackward {
  FastWeightSizes sizes;
  const std::uint8_t* reset;
  const float *w_last, *steps, *saved_w, *before_reset;  ///< as forward left them
  const float* projected;
  const float* dL_dy;       ///< or nullptr: zero
  const float* dL_dw_last;  ///< or nullptr: zero
  float* dL_dprojected;     ///< or nullptr: not wanted
  bool accumulate;
  float* dL_dw_first;  ///< [B, h, d, d], of each sequence: overwritten
};
void delta_net_backward(cudaStream_t stream, const DeltaNetBackward& p);

}  // namespace srwm::cuda
