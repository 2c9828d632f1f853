// What an optimizer does to parameters.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// One Adam step on one tensor, with g = scale * grad:
///   m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
///   value <- value - step_size m / (sqrt(v) / root_correction + eps)
struct AdamStep {
  float *value, *m, *v;
  const float* grad;
  float step_size, root_correction, beta1, beta2, eps, scale;
  std::int64_t n;
};
void adam(cudaStream_t stream, const AdamStep& step);

/// Number of partial sums below; a function of n alone.
std::int64_t square_sum_slices(std::int64_t n);
/// partial[s] = sum over slice s of x[i]^2, in double; added to a total by the caller in order.
void sums_of_squares(cudaStream_t stream, const float* x, std::int64_t n, double* partial);

}  // namespace srwm::cuda
