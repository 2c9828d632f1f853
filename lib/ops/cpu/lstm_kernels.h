// The gates of an LSTM as vector code; the matrix products around them are in ops/cpu/lstm.cpp.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

/// One step of one sequence. gates [4, H] are i, f, g, o: in forward the sums before their activation, which is done in
/// place; in backward the activated ones.
struct LstmGates {
  std::int64_t hidden = 0;
  float* gates = nullptr;
  const float* c_before = nullptr;  ///< c_{t-1} [H], or nullptr for zeros
  float* c = nullptr;               ///< c_t [H]
};

struct LstmKernels {
  /// gates += bias; then c_t and h_t.
  void (*forward)(const LstmGates&, const float* bias, float* h);
  /// On entry dL_dc is that of c_t, on return that of c_{t-1}. Writes dL_dz [4, H], of the sums before activation.
  void (*backward)(const LstmGates&, const float* dL_dh, float* dL_dc, float* dL_dz);
};
SRWM_DECLARE_KERNELS(LstmKernels, lstm_kernels)

}  // namespace srwm::cpu
