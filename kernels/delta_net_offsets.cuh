// Where the numbers of DeltaNet are.
#pragma once

#include "kernels/delta_net.h"
#include "kernels/fast_weight_head.cuh"

namespace srwm::cuda {

struct DeltaNetHead : FastWeightHead {
  __device__ __forceinline__ explicit DeltaNetHead(const FastWeightSizes& n)
      : FastWeightHead(n, static_cast<std::int64_t>(n.d) * n.d), d(n.d) {}

  __device__ __forceinline__ std::int64_t projected_at(int t) const { return step_of_input(t) * (3 * d + 1); }
  __device__ __forceinline__ std::int64_t y_at(int t) const { return step_of_input(t) * d; }

  int d;
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
