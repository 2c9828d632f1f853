#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/update.h"

namespace srwm::cuda {
namespace {

__global__ void adam_kernel(AdamStep a) {
  for (std::int64_t i = thread_index(); i < a.n; i += thread_count()) {
    const float g = a.scale * a.grad[i];
    const float m = a.beta1 * a.m[i] + (1 - a.beta1) * g;
    const float v = a.beta2 * a.v[i] + (1 - a.beta2) * g * g;
    a.m[i] = m;
    a.v[i] = v;
    a.value[i] -= a.step_size * m / (sqrtf(v) / a.root_correction + a.eps);
  }
}

constexpr std::int64_t slice = 1 << 14;
constexpr int sum_warps = 8;

__global__ void sums_of_squares_kernel(const float* x, std::int64_t n, double* partial) {
  const std::int64_t begin = blockIdx.x * slice, end = begin + slice < n ? begin + slice : n;
  double sum = 0;
  for (std::int64_t i = begin + threadIdx.x; i < end; i += sum_warps * warp_size) {
    sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  sum = block_sum<sum_warps>(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

}  // namespace

void adam(cudaStream_t stream, const AdamStep& step) {
  launch("adam", adam_kernel, elementwise(step.n), stream, step);
}

std::int64_t square_sum_slices(std::int64_t n) {
  return n < 1 ? 1 : ceil_div(n, slice);
}

void sums_of_squares(cudaStream_t stream, const float* x, std::int64_t n, double* partial) {
  const Launch shape{static_cast<unsigned>(square_sum_slices(n)), sum_warps * warp_size};
  launch("sums_of_squares", sums_of_squares_kernel, shape, stream, x, n, partial);
}

}  // namespace srwm::cuda
