// Where the tensors of one (sequence, head) begin; a block of threads works on it.
#pragma once

#include "kernels/linear_attention.h"

namespace srwm::cuda {

struct LinearAttentionHead {
  __device__ __forceinline__ explicit LinearAttentionHead(const FastWeightSizes& n)
      : b(blockIdx.x / n.heads),
        h(blockIdx.x % n.heads),
        d(n.d),
        matrix(static_cast<std::int64_t>(n.d) * n.d),
        sizes(n) {}

  __device__ __forceinline__ std::int64_t y_at(int t) const {
    return ((static_cast<std::int64_t>(b) * sizes.steps + t) * sizes.heads + h) * d;
  }
  __device__ __forceinline__ std::int64_t projected_at(int t) const { return 3 * y_at(t); }
  __device__ __forceinline__ std::int64_t step_at(int t) const {
    return static_cast<std::int64_t>(blockIdx.x) * sizes.steps + t;
  }
  __device__ __forceinline__ std::int64_t matrix_at() const { return blockIdx.x * matrix; }
  __device__ __forceinline__ std::int64_t first_matrix_at() const {
    return (static_cast<std::int64_t>(b / (sizes.batch / sizes.groups)) * sizes.heads + h) * matrix;
  }
  __device__ __forceinline__ bool resets(const std::uint8_t* reset, int t) const {
    return reset != nullptr && reset[static_cast<std::int64_t>(b) * sizes.steps + t] != 0;
  }

  int b, h, d;
  std::int64_t matrix;
  const FastWeightSizes& sizes;
};

/// Parts of a step's record.
struct LinearAttentionRecord {
  __device__ __forceinline__ LinearAttentionRecord(float* steps, std::int64_t step, int d)
      : q(steps + step * linear_attention_record(d)), k(q + d), sums(k + d) {}
  float *q, *k;
  float* sums;  ///< of elu(z) + 1 for q and k, eps included
};

}  // namespace srwm::cuda
