// Where the tensors of one (sequence, head) of a fast-weight op begin; a block of threads works on it.
#pragma once

#include "kernels/fast_weights.h"

namespace srwm::cuda {

struct FastWeightHead {
  /// `numbers` in one matrix.
  __device__ __forceinline__ FastWeightHead(const FastWeightSizes& n, std::int64_t numbers)
      : b(blockIdx.x / n.heads), h(blockIdx.x % n.heads), matrix(numbers), sizes(n) {}

  /// Counts steps of heads in the layout of inputs and outputs, [B, T, h].
  __device__ __forceinline__ std::int64_t step_of_input(int t) const {
    return (static_cast<std::int64_t>(b) * sizes.steps + t) * sizes.heads + h;
  }
  /// The same in the layout of what is saved, [B, h, T].
  __device__ __forceinline__ std::int64_t step_at(int t) const {
    return static_cast<std::int64_t>(blockIdx.x) * sizes.steps + t;
  }
  __device__ __forceinline__ std::int64_t matrix_at() const { return blockIdx.x * matrix; }
  __device__ __forceinline__ std::int64_t first_matrix_at() const {
    return (static_cast<std::int64_t>(b / (sizes.batch / sizes.groups)) * sizes.heads + h) * matrix;
  }
  __device__ __forceinline__ std::int64_t saved_at(int t) const {
    return (blockIdx.x * saved_matrices(sizes.steps) + (t + 1) / save_every - 1) * matrix;
  }
  __device__ __forceinline__ bool keeps(int t) const { return (t + 1) % save_every == 0 && t + 1 < sizes.steps; }
  __device__ __forceinline__ bool resets(const std::uint8_t* reset, int t) const {
    return reset != nullptr && reset[static_cast<std::int64_t>(b) * sizes.steps + t] != 0;
  }

  int b, h;
  std::int64_t matrix;
  const FastWeightSizes& sizes;
};

}  // namespace srwm::cuda
