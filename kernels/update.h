// What a training step does besides ops.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

constexpr int most_pass_values = 8;

struct StorePassLaunch {
  const float* values[most_pass_values];  ///< one number each, the loss first
  int count;
  double* row;  ///< [count]
};
/// row[i] = values[i][0].
void store_pass(cudaStream_t stream, const StorePassLaunch& p);

struct FoldPassesLaunch {
  const double* rows;  ///< [passes, count]
  int passes, count;
  double *loss, *sums;  ///< [1], [count - 1]
};
/// loss += rows[p][0], sums[i] += rows[p][1 + i], in the order of p.
void fold_passes(cudaStream_t stream, const FoldPassesLaunch& p);

struct ScaleAddLaunch {
  float* to;
  const float* from;
  std::int64_t count;
  float scale;
};
/// to[i] = scale to[i] + from[i].
void scale_add(cudaStream_t stream, const ScaleAddLaunch& p);

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
  const double* step;         ///< one number on the device, as are the statistics
  const double* stats_loss;
  double *stats_norm, *stats_bad_step;
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
  const double* learning_rate;  ///< on the device
  float alpha, eps;
};
/// The same for RMSProp.
void rmsprop(cudaStream_t stream, const RmsPropLaunch& p);

}  // namespace srwm::cuda
