// Layer normalization: y = (x - mean) inv_std gamma + beta per row, and its gradient
// dL/dx = inv_std (d - mean(d) - xhat mean(d xhat)) with d = dL/dy gamma, xhat = (x - mean) inv_std.
//
// A warp per row, four rows a block: lanes run along the row, sums over it are sums over the warp.
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/layer_norm.h"

namespace srwm::cuda {
namespace {

constexpr int row_warps = 4;

__device__ __forceinline__ std::int64_t row_of_warp() {
  return static_cast<std::int64_t>(blockIdx.x) * row_warps + threadIdx.x / warp_size;
}

Launch row_launch(std::int64_t rows) {
  return {static_cast<unsigned>(ceil_div(rows, row_warps)), row_warps * warp_size};
}

__global__ void layer_norm_kernel(LayerNormForward p) {
  const std::int64_t row = row_of_warp();
  if (row >= p.rows) return;
  const int lane = threadIdx.x % warp_size;
  const float* x = p.x + row * p.width;
  float* y = p.y + row * p.width;
  const float count = static_cast<float>(p.width);
  float sum = 0, squares = 0;
  for (std::int64_t i = lane; i < p.width; i += warp_size) sum += x[i];
  const float mean = warp_sum(sum) / count;
  for (std::int64_t i = lane; i < p.width; i += warp_size) squares += (x[i] - mean) * (x[i] - mean);
  const float inv_std = 1 / sqrtf(warp_sum(squares) / count + p.eps);
  for (std::int64_t i = lane; i < p.width; i += warp_size) y[i] = (x[i] - mean) * inv_std * p.gamma[i] + p.beta[i];
  if (lane > 0) return;
  p.mean[row] = mean;
  p.inv_std[row] = inv_std;
}

__global__ void layer_norm_backward_kernel(LayerNormBackward p) {
  const std::int64_t row = row_of_warp();
  if (row >= p.rows) return;
  const int lane = threadIdx.x % warp_size;
  const float *x = p.x + row * p.width, *dy = p.dL_dy + row * p.width;
  float* dx = p.dL_dx + row * p.width;
  const float mean = p.mean[row], inv_std = p.inv_std[row], count = static_cast<float>(p.width);
  float sum_d = 0, sum_d_xhat = 0;
  for (std::int64_t i = lane; i < p.width; i += warp_size) {
    const float d = dy[i] * p.gamma[i];
    sum_d += d;
    sum_d_xhat += d * ((x[i] - mean) * inv_std);
  }
  const float mean_d = warp_sum(sum_d) / count, mean_d_xhat = warp_sum(sum_d_xhat) / count;
  for (std::int64_t i = lane; i < p.width; i += warp_size) {
    put(p.accumulate, dx[i], inv_std * (dy[i] * p.gamma[i] - mean_d - (x[i] - mean) * inv_std * mean_d_xhat));
  }
}

}  // namespace

void layer_norm(cudaStream_t stream, const LayerNormForward& p) {
  launch("layer_norm", layer_norm_kernel, row_launch(p.rows), stream, p);
}

void layer_norm_backward(cudaStream_t stream, const LayerNormBackward& p) {
  launch("layer_norm_backward", layer_norm_backward_kernel, row_launch(p.rows), stream, p);
}

}  // namespace srwm::cuda
