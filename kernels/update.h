// What a training step does besides ops.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// ledger_loss[0] += loss[0], ledger_correct[0] += correct[0].
void add_outcome(cudaStream_t stream, const float* loss, const float* correct, double* ledger_loss,
                 double* ledger_correct);

/// A part of a parameter that one block updates.
struct UpdateChunk {
  float *value, *m, *v;  ///< m: nullptr where the optimizer has none
  const float* grad;
  int count;
};
constexpr int update_chunk = 4096;

/// What every optimizer's step begins with: the norm of the gradients and what follows from it.
struct ClippedUpdate {
  const UpdateChunk* chunks;  ///< on the device
  int count;                  ///< of chunks
  double* partial;            ///< [count]: room for the sums of squares
  float* decision;            ///< [2]: room for the clipping scale and whether to update at all
  const double* step;         ///< one number on the device, as are those of the ledger
  const double* ledger_loss;
  double *ledger_norm, *ledger_bad_step;
  double clip_norm;
};

struct AdamLaunch {
  ClippedUpdate update;
  const double *step_size, *root_correction;  ///< one number each, on the device
  float beta1, beta2, eps;
};
/// One Adam step over all chunks, as lib/ops/update.h defines it: three launches whatever the number of parameters.
void adam(cudaStream_t stream, const AdamLaunch& p);

struct RmsPropLaunch {
  ClippedUpdate update;
  const double* rate;  ///< on the device
  float alpha, eps;
};
/// The same for RMSProp.
void rmsprop(cudaStream_t stream, const RmsPropLaunch& p);

}  // namespace srwm::cuda
