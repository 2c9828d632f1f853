// The recurrent part of an LSTM on the GPU; the matrix products around it are cuBLAS's. Definition: lib/ops/lstm.h.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

struct LstmSizes {
  int batch, steps, hidden, groups;
};

/// h_before[b, t] = what step t sees as h_{t-1}: the initial state of b's group (or zeros) at t = 0, y[b, t-1] later,
/// zeros where reset.
void lstm_h_before(cudaStream_t stream, const LstmSizes& n, int t, const float* h_first, const float* y,
                   const std::uint8_t* reset, float* h_before);

/// One step: z[b, t] + b_ih + b_hh are the gates before their activations, replaced by them; writes cells[b, t], y[b,
/// t].
struct LstmStep {
  LstmSizes sizes;
  int t;
  const float *b_ih, *b_hh, *c_first;
  const std::uint8_t* reset;
  float* gates;      ///< [B, T, 4H]
  float *cells, *y;  ///< [B, T, H]
};
void lstm_step(cudaStream_t stream, const LstmStep& p);

/// h_last, c_last [B, H] = y[:, T-1], cells[:, T-1].
void lstm_last(cudaStream_t stream, const LstmSizes& n, const float* y, const float* cells, float* h_last,
               float* c_last);

/// One step back. On entry dL_dh, dL_dc [B, H] are the gradients of h_t and c_t from later steps; they are dropped
/// where the next step began with a reset. On return dL_dz[b, t] is written and dL_dc is that of c_{t-1}; dL_dh of
/// h_{t-1} is the caller's product dL_dz w_hh.
struct LstmStepBackward {
  LstmSizes sizes;
  int t;
  const float* c_first;
  const std::uint8_t* reset;
  const float *gates, *cells;
  const float* dL_dy;  ///< or nullptr
  const float* dL_dh;
  float *dL_dc, *dL_dz;
};
void lstm_step_backward(cudaStream_t stream, const LstmStepBackward& p);

/// x[b] = 0 where reset[b, 0]: the initial state was not used.
void lstm_cut_first(cudaStream_t stream, const LstmSizes& n, const std::uint8_t* reset, float* x);

}  // namespace srwm::cuda
