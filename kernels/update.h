// What a training step does besides ops.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// ledger_loss[0] += loss[0], ledger_correct[0] += correct[0].
void add_outcome(cudaStream_t stream, const float* loss, const float* correct, double* ledger_loss,
                 double* ledger_correct);

/// A part of a parameter that one block updates.
struct AdamChunk {
  float *value, *m, *v;
  const float* grad;
  int count;
};
constexpr int adam_chunk = 4096;

struct AdamLaunch {
  const AdamChunk* chunks;                           ///< on the device
  int count;                                         ///< of chunks
  double* partial;                                   ///< [count]: room for the sums of squares
  float* decision;                                   ///< [2]: room for the clipping scale and whether to update at all
  const double *step, *step_size, *root_correction;  ///< one number each, on the device
  const double* ledger_loss;
  double *ledger_norm, *ledger_bad_step;
  float beta1, beta2, eps;
  double clip_norm;
};
/// One Adam step over all chunks, as lib/ops/update.h defines it: three launches whatever the number of parameters.
void adam(cudaStream_t stream, const AdamLaunch& p);

}  // namespace srwm::cuda
