// Where the tensors of one (sequence, head) begin; a block of threads works on it.
#pragma once

#include "kernels/delta_net.h"

namespace srwm::cuda {

struct DeltaNetHead {
  __device__ __forceinline__ explicit DeltaNetHead(const FastWeightSizes& n)
      : b(blockIdx.x / n.heads),
        h(blockIdx.x % n.heads),
        d(n.d),
        matrix(static_cast<std::int64_t>(n.d) * n.d),
        sizes(n) {}

  __device__ __forceinline__ std::int64_t step_of_input(int t) const {
    return (static_cast<std::int64_t>(b) * sizes.steps + t) * sizes.heads + h;
  }
  __device__ __forceinline__ std::int64_t projected_at(int t) const { return step_of_input(t) * (3 * d + 1); }
  __device__ __forceinline__ std::int64_t y_at(int t) const { return step_of_input(t) * d; }
  __device__ __forceinline__ std::int64_t step_at(int t) const {
    return static_cast<std::int64_t>(blockIdx.x) * sizes.steps + t;
  }
  __device__ __forceinline__ std::int64_t matrix_at() const { return blockIdx.x * matrix; }
  __device__ __forceinline__ std::int64_t first_matrix_at() const {
    return (static_cast<std::int64_t>(b / (sizes.batch / sizes.groups)) * sizes.heads + h) * matrix;
  }
  __device__ __forceinline__ std::int64_t kept_at(int t) const {
    return (blockIdx.x * kept_matrices(sizes.steps) + (t + 1) / kept_every - 1) * matrix;
  }
  __device__ __forceinline__ bool keeps(int t) const { return (t + 1) % kept_every == 0 && t + 1 < sizes.steps; }
  __device__ __forceinline__ bool resets(const std::uint8_t* reset, int t) const {
    return reset != nullptr && reset[static_cast<std::int64_t>(b) * sizes.steps + t] != 0;
  }

  int b, h, d;
  std::int64_t matrix;
  const FastWeightSizes& sizes;
};

/// Parts of a step's record.
struct DeltaNetRecord {
  __device__ __forceinline__ DeltaNetRecord(float* steps, std::int64_t step, int d)
      : q(steps + step * delta_net_record(d)), k(q + d), delta(k + d), beta(delta + d), sums(beta + 1) {}
  float *q, *k, *delta;
  float* beta;
  float* sums;  ///< of elu(z) + 1 for q and k, eps included
};

}  // namespace srwm::cuda
