// One optimizer step for all parameters: the norm of the gradient, the decision whether and with which scale to apply
// it, and Adam or RMSProp (equations in lib/ops/update.h).
//
// Parameters are cut into chunks; a block per chunk, for the squares and for the update. One block adds the squares in
// double and decides.
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/update.h"

namespace srwm::cuda {
namespace {

constexpr int warps = 8, threads = warps * warp_size;

__global__ void store_pass_kernel(StorePassLaunch p) {
  const int i = threadIdx.x;
#pragma unroll  // constant indices: an argument that is indexed by a variable is copied to the stack
  for (int value = 0; value < most_pass_values; ++value) {
    if (value == i && value < p.count) p.row[value] = static_cast<double>(*p.values[value]);
  }
}

/// A thread for each sum.
__global__ void fold_passes_kernel(FoldPassesLaunch p) {
  const int i = threadIdx.x;
  if (i >= p.count) return;
  double* sum = i == 0 ? p.loss : p.sums + (i - 1);
  for (int pass = 0; pass < p.passes; ++pass) *sum += p.rows[pass * p.count + i];
}

__global__ void scale_add_kernel(ScaleAddLaunch p) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (i < p.count) p.to[i] = p.scale * p.to[i] + p.from[i];
}

__global__ void sums_of_squares_kernel(ClippedUpdate p) {
  const UpdateChunk chunk = p.chunks[blockIdx.x];
  double sum = 0;
  for (int i = threadIdx.x; i < chunk.count; i += threads) {
    sum += static_cast<double>(chunk.grad[i]) * static_cast<double>(chunk.grad[i]);
  }
  sum = block_sum<warps>(sum);
  if (threadIdx.x == 0) p.partial[blockIdx.x] = sum;
}

/// One block: the norm, what it means for the update, and the statistics.
__global__ void decide_kernel(ClippedUpdate p) {
  double sum = 0;
  for (int i = threadIdx.x; i < p.count; i += threads) sum += p.partial[i];
  sum = block_sum<warps>(sum);
  if (threadIdx.x > 0) return;
  const double norm = sqrt(sum);
  const bool finite = isfinite(norm) && isfinite(*p.stats_loss), bad_before = *p.stats_bad_step != 0;
  *p.stats_norm = norm;
  if (!finite && !bad_before) *p.stats_bad_step = *p.step;
  p.decision[0] = static_cast<float>(p.clip_norm > 0 && norm > p.clip_norm ? p.clip_norm / (norm + 1e-6) : 1.0);
  p.decision[1] = finite && !bad_before ? 1.0f : 0.0f;
}

__global__ void adam_kernel(AdamLaunch p) {
  if (p.update.decision[1] == 0) return;
  const UpdateChunk chunk = p.update.chunks[blockIdx.x];
  const float scale = p.update.decision[0], step_size = static_cast<float>(*p.step_size);
  const float root_correction = static_cast<float>(*p.root_correction);
  for (int i = threadIdx.x; i < chunk.count; i += threads) {
    const float g = scale * chunk.grad[i];
    const float m = p.beta1 * chunk.m[i] + (1 - p.beta1) * g;
    const float v = p.beta2 * chunk.v[i] + (1 - p.beta2) * g * g;
    chunk.m[i] = m;
    chunk.v[i] = v;
    chunk.value[i] -= step_size * m / (sqrtf(v) / root_correction + p.eps);
  }
}

__global__ void rmsprop_kernel(RmsPropLaunch p) {
  if (p.update.decision[1] == 0) return;
  const UpdateChunk chunk = p.update.chunks[blockIdx.x];
  const float scale = p.update.decision[0], learning_rate = static_cast<float>(*p.learning_rate);
  for (int i = threadIdx.x; i < chunk.count; i += threads) {
    const float g = scale * chunk.grad[i];
    const float v = p.alpha * chunk.v[i] + (1 - p.alpha) * g * g;
    chunk.v[i] = v;
    chunk.value[i] -= learning_rate * g / (sqrtf(v) + p.eps);
  }
}

Launch per_chunk(const ClippedUpdate& p) {
  return {static_cast<unsigned>(p.count), threads};
}

/// The norm, and whether and how far gradients are scaled.
void decide(const char* what, cudaStream_t stream, const ClippedUpdate& p) {
  launch(what, sums_of_squares_kernel, per_chunk(p), stream, p);
  launch(what, decide_kernel, Launch{1, threads}, stream, p);
}

}  // namespace

void store_pass(cudaStream_t stream, const StorePassLaunch& p) {
  launch("store_pass", store_pass_kernel, Launch{1, 32}, stream, p);
}

void fold_passes(cudaStream_t stream, const FoldPassesLaunch& p) {
  launch("fold_passes", fold_passes_kernel, Launch{1, 32}, stream, p);
}

void scale_add(cudaStream_t stream, const ScaleAddLaunch& p) {
  if (p.count == 0) return;
  launch("scale_add", scale_add_kernel, Launch{static_cast<unsigned>((p.count + threads - 1) / threads), threads},
         stream, p);
}

void adam(cudaStream_t stream, const AdamLaunch& p) {
  decide("adam", stream, p.update);
  launch("adam", adam_kernel, per_chunk(p.update), stream, p);
}

void rmsprop(cudaStream_t stream, const RmsPropLaunch& p) {
  decide("rmsprop", stream, p.update);
  launch("rmsprop", rmsprop_kernel, per_chunk(p.update), stream, p);
}

}  // namespace srwm::cuda
