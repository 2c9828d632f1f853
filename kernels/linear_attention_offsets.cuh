// Where the numbers of linear attention are.
#pragma once

#include "kernels/fast_weight_head.cuh"
#include "kernels/linear_attention.h"

namespace srwm::cuda {

struct LinearAttentionHead : FastWeightHead {
  __device__ __forceinline__ explicit LinearAttentionHead(const FastWeightSizes& n)
      : FastWeightHead(n, static_cast<std::int64_t>(n.d) * n.d), d(n.d) {}

  __device__ __forceinline__ std::int64_t projected_at(int t) const { return 3 * y_at(t); }
  __device__ __forceinline__ std::int64_t y_at(int t) const { return step_of_input(t) * d; }

  int d;
};

/// Parts of a step's record.
struct LinearAttentionRecord {
  __device__ __forceinline__ LinearAttentionRecord(float* steps, std::int64_t step, int d)
      : q(steps + step * linear_attention_record(d)), k(q + d), sums(k + d) {}
  float *q, *k;
  float* sums;  ///< of elu(z) + 1 for q and k, eps included
};

}  // namespace srwm::cuda
