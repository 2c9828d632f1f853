// What the kernels of SRWM and DeltaNet share on the host side.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// Sizes of a fast-weight op: sequences, steps, heads, head size, initial states (`groups` divides `batch`).
struct FastWeightSizes {
  int batch, steps, heads, d, groups;
};

/// Steps between two matrices that forward keeps for the backward pass; in between, updates are undone one by one.
constexpr int save_every = 32;
__host__ __device__ constexpr std::int64_t saved_matrices(std::int64_t steps) {
  return (steps - 1) / save_every;
}

/// out[g, e] (+)= sum of per_sequence[b, e] over the sequences b of group g, in their order; rows of `n` numbers.
void add_groups(cudaStream_t stream, const float* per_sequence, int batch, int groups, std::int64_t n, float* out,
                bool accumulate);

}  // namespace srwm::cuda
