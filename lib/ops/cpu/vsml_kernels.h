// The sub-RNNs of a dense Vsml layer as vector code: S = 16 cells, messages of at most 8 components. What surrounds
// them (messages, parameters' gradients from sums) is in ops/cpu/vsml.cpp.
//
// Per micro tick z = zin + h W_h, where zin[a, b] = z_fwd[a] + z_bwd[b] is the same in all micro ticks of a tick;
// z_fwd contains beta and the constants of the gates.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

constexpr int vsml_cells = 16;
constexpr int vsml_gates = 4 * vsml_cells;  ///< i, g, f, o
constexpr int vsml_half = 8;                ///< u_fwd and u_bwd side by side, in 16 numbers
constexpr int vsml_most_micro_ticks = 4;
constexpr int vsml_tile = 24;  ///< sub-RNNs whose gradients go into those of the weights together

/// The part of one tick that belongs to inputs [begin, end).
struct VsmlSlice {
  int outputs = 0, micro_ticks = 0;
  std::int64_t begin = 0, end = 0;
  const float* w = nullptr;          ///< W_h [16, 64]
  const float* first_row = nullptr;  ///< rows of W for the forward message [live, 64]
  const float* beta = nullptr;       ///< [64], with the constants
  const float* fwd = nullptr;        ///< forward messages, `stride` apart
  std::int64_t stride = 0, live = 0;
  const float* z_bwd = nullptr;            ///< [outputs, 64]
  const float *h = nullptr, *c = nullptr;  ///< before, [inputs, outputs, 16]
  float *h_after = nullptr, *c_after = nullptr;
  /// With layer norm messages of every sub-RNN: W_f and W_b side by side [16, 16], beta_f and beta_b [16]; in the sums
  /// u_fwd and u_bwd, normalized, take the place of h'.
  bool norm = false;
  const float *w_u = nullptr, *beta_u = nullptr;
  int message_size = vsml_half;
  float* sum_over_inputs = nullptr;   ///< of h' [outputs, 16], added to
  float* sum_over_outputs = nullptr;  ///< of h' [inputs, 16], rows [begin, end) overwritten
};

/// Backward of it, from the state before; `h_after` and `c_after` are not written, the sums are.
struct VsmlSliceGradients {
  VsmlSlice slice;
  const float* w_t = nullptr;     ///< W_h^T [64, 16]
  const float* w_u_t = nullptr;   ///< [16, 16]
  const float* of_fwd = nullptr;  ///< dL/dh' [outputs, 16] by the forward messages; with norm dL/d normalized u_fwd
  const float* of_bwd = nullptr;  ///< the same [inputs, 16] by the backward messages, or nullptr for zero
  float *dL_dh = nullptr, *dL_dc = nullptr;  ///< after on entry, before on return
  float* dL_dz_fwd = nullptr;   ///< sum over outputs and micro ticks of dL/dz: [inputs, 64], rows overwritten
  float* dL_dz_bwd = nullptr;   ///< sum over inputs [outputs, 64], added to
  float* dL_dw = nullptr;       ///< [16, 64], added to
  float* dL_dw_u = nullptr;     ///< [16, 16], added to
  float* dL_dbeta_u = nullptr;  ///< [16], added to
};

struct VsmlKernels {
  void (*forward)(const VsmlSlice&);
  void (*backward)(const VsmlSliceGradients&);
};
SRWM_DECLARE_KERNELS(VsmlKernels, vsml_kernels)

}  // namespace srwm::cpu
