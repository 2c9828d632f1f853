#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/normalisation.h"

namespace srwm::cuda {
namespace {

__global__ void copy_to_rows_kernel(const float* row, float* y, std::int64_t rows, std::int64_t width) {
  for (std::int64_t i = thread_index(); i < rows * width; i += thread_count()) y[i] = row[i % width];
}

constexpr int column_lanes = 32, column_teams = 8;

/// Block (x, y): columns 32 x .. 32 x + 31, rows of slice y. Each team adds every eighth row, then the teams are added.
template <typename Value>
__device__ void slice_sums(const Value& value, std::int64_t rows, std::int64_t width, float* partial) {
  __shared__ float sums[column_teams][column_lanes];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * column_lanes + threadIdx.x;
  const std::int64_t per_slice = (rows + gridDim.y - 1) / gridDim.y;
  const std::int64_t begin = blockIdx.y * per_slice;
  const std::int64_t end = begin + per_slice < rows ? begin + per_slice : rows;
  float sum = 0;
  if (column < width) {
    for (std::int64_t m = begin + threadIdx.y; m < end; m += column_teams) sum += value(m, column);
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || column >= width) return;
  float total = 0;
#pragma unroll
  for (int team = 0; team < column_teams; ++team) total += sums[team][threadIdx.x];
  partial[blockIdx.y * width + column] = total;
}

__global__ void column_sums_kernel(const float* x, std::int64_t rows, std::int64_t width, float* partial) {
  slice_sums([=](std::int64_t m, std::int64_t i) { return x[m * width + i]; }, rows, width, partial);
}

__global__ void normalised_column_sums_kernel(const float* x, const float* mean, const float* inv_std,
                                              const float* dL_dy, std::int64_t rows, std::int64_t width,
                                              float* partial) {
  slice_sums([=](std::int64_t m,
                 std::int64_t i) { return dL_dy[m * width + i] * ((x[m * width + i] - mean[m]) * inv_std[m]); },
             rows, width, partial);
}

__global__ void add_slices_kernel(const float* partial, std::int64_t slices, std::int64_t width, float* out,
                                  bool accumulate) {
  const std::int64_t i = thread_index();
  if (i >= width) return;
  float sum = 0;
  for (std::int64_t s = 0; s < slices; ++s) sum += partial[s * width + i];
  put(accumulate, out[i], sum);
}

Launch slice_launch(std::int64_t rows, std::int64_t width) {
  return {dim3(static_cast<unsigned>(ceil_div(width, column_lanes)), static_cast<unsigned>(column_sum_slices(rows))),
          dim3(column_lanes, column_teams)};
}

void add_slices(cudaStream_t stream, const float* partial, std::int64_t rows, std::int64_t width, float* out,
                bool accumulate) {
  const Launch shape{static_cast<unsigned>(ceil_div(width, 128)), 128};
  launch("column_sums", add_slices_kernel, shape, stream, partial, column_sum_slices(rows), width, out, accumulate);
}

constexpr int row_warps = 4;  // a warp per row

__device__ __forceinline__ std::int64_t row_of_warp() {
  return static_cast<std::int64_t>(blockIdx.x) * row_warps + threadIdx.x / warp_size;
}

Launch row_launch(std::int64_t rows) {
  return {static_cast<unsigned>(ceil_div(rows, row_warps)), row_warps * warp_size};
}

__global__ void layer_norm_kernel(const float* x, const float* gamma, const float* beta, float eps, float* y,
                                  float* mean, float* inv_std, std::int64_t rows, std::int64_t width) {
  const std::int64_t row = row_of_warp();
  if (row >= rows) return;
  const int lane = threadIdx.x % warp_size;
  const float* from = x + row * width;
  float sum = 0, squares = 0;
  for (std::int64_t i = lane; i < width; i += warp_size) sum += from[i];
  const float m = warp_sum(sum) / static_cast<float>(width);
  for (std::int64_t i = lane; i < width; i += warp_size) squares += (from[i] - m) * (from[i] - m);
  const float s = 1 / sqrtf(warp_sum(squares) / static_cast<float>(width) + eps);
  for (std::int64_t i = lane; i < width; i += warp_size) y[row * width + i] = (from[i] - m) * s * gamma[i] + beta[i];
  if (lane > 0) return;
  mean[row] = m;
  inv_std[row] = s;
}

__global__ void layer_norm_backward_kernel(const float* x, const float* gamma, const float* mean, const float* inv_std,
                                           const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                                           std::int64_t width) {
  const std::int64_t row = row_of_warp();
  if (row >= rows) return;
  const int lane = threadIdx.x % warp_size;
  const float *from = x + row * width, *dy = dL_dy + row * width;
  const float m = mean[row], s = inv_std[row];
  float sum_d = 0, sum_d_xhat = 0;
  for (std::int64_t i = lane; i < width; i += warp_size) {
    const float d = dy[i] * gamma[i];
    sum_d += d;
    sum_d_xhat += d * ((from[i] - m) * s);
  }
  const float mean_d = warp_sum(sum_d) / static_cast<float>(width);
  const float mean_d_xhat = warp_sum(sum_d_xhat) / static_cast<float>(width);
  for (std::int64_t i = lane; i < width; i += warp_size) {
    put(accumulate, dL_dx[row * width + i], s * (dy[i] * gamma[i] - mean_d - (from[i] - m) * s * mean_d_xhat));
  }
}

/// A thread per row: classes are few.
__global__ void cross_entropy_rows_kernel(const float* logits, const std::int32_t* targets, std::int64_t rows,
                                          std::int64_t classes, float* probabilities, float* losses, float* hits) {
  const std::int64_t row = thread_index();
  if (row >= rows) return;
  const float* z = logits + row * classes;
  float* p = probabilities + row * classes;
  const std::int32_t target = targets[row];
  float largest = z[0];
  std::int64_t first = 0;
  for (std::int64_t i = 1; i < classes; ++i) {
    if (z[i] > largest) {
      largest = z[i];
      first = i;
    }
  }
  float sum = 0;
  for (std::int64_t i = 0; i < classes; ++i) sum += p[i] = expf(z[i] - largest);
  for (std::int64_t i = 0; i < classes; ++i) p[i] /= sum;
  losses[row] = logf(sum) + largest - z[target];
  hits[row] = first == target && losses[row] == losses[row] ? 1.0f : 0.0f;  // a NaN anywhere makes the loss NaN
}

constexpr int sum_warps = 8;

__global__ void mean_and_sum_kernel(const float* losses, const float* hits, std::int64_t rows, float* loss,
                                    float* correct) {
  float total = 0, hit = 0;
  for (std::int64_t m = threadIdx.x; m < rows; m += sum_warps * warp_size) {
    total += losses[m];
    hit += hits[m];
  }
  total = block_sum<sum_warps>(total);
  hit = block_sum<sum_warps>(hit);
  if (threadIdx.x > 0) return;
  *loss = total / static_cast<float>(rows);
  *correct = hit;
}

__global__ void cross_entropy_backward_kernel(const float* probabilities, const std::int32_t* targets,
                                              const float* dL_dloss, float* dL_dlogits, bool accumulate,
                                              std::int64_t rows, std::int64_t classes) {
  const float scale = *dL_dloss / static_cast<float>(rows);
  for (std::int64_t i = thread_index(); i < rows * classes; i += thread_count()) {
    const float one_hot = i % classes == targets[i / classes] ? 1.0f : 0.0f;
    put(accumulate, dL_dlogits[i], scale * (probabilities[i] - one_hot));
  }
}

}  // namespace

void copy_to_rows(cudaStream_t stream, const float* row, float* y, std::int64_t rows, std::int64_t width) {
  launch("copy_to_rows", copy_to_rows_kernel, elementwise(rows * width), stream, row, y, rows, width);
}

std::int64_t column_sum_slices(std::int64_t rows) {
  const std::int64_t slices = ceil_div(rows, 4 * column_teams);
  return slices < 1 ? 1 : slices < 128 ? slices : 128;
}

void column_sums(cudaStream_t stream, const float* x, std::int64_t rows, std::int64_t width, float* partial, float* out,
                 bool accumulate) {
  launch("column_sums", column_sums_kernel, slice_launch(rows, width), stream, x, rows, width, partial);
  add_slices(stream, partial, rows, width, out, accumulate);
}

void normalised_column_sums(cudaStream_t stream, const float* x, const float* mean, const float* inv_std,
                            const float* dL_dy, std::int64_t rows, std::int64_t width, float* partial, float* out,
                            bool accumulate) {
  launch("normalised_column_sums", normalised_column_sums_kernel, slice_launch(rows, width), stream, x, mean, inv_std,
         dL_dy, rows, width, partial);
  add_slices(stream, partial, rows, width, out, accumulate);
}

void layer_norm(cudaStream_t stream, const float* x, const float* gamma, const float* beta, float eps, float* y,
                float* mean, float* inv_std, std::int64_t rows, std::int64_t width) {
  launch("layer_norm", layer_norm_kernel, row_launch(rows), stream, x, gamma, beta, eps, y, mean, inv_std, rows, width);
}

void layer_norm_backward(cudaStream_t stream, const float* x, const float* gamma, const float* mean,
                         const float* inv_std, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                         std::int64_t width) {
  launch("layer_norm_backward", layer_norm_backward_kernel, row_launch(rows), stream, x, gamma, mean, inv_std, dL_dy,
         dL_dx, accumulate, rows, width);
}

void cross_entropy(cudaStream_t stream, const float* logits, const std::int32_t* targets, std::int64_t rows,
                   std::int64_t classes, float* probabilities, float* losses, float* hits, float* loss,
                   float* correct) {
  const Launch shape{static_cast<unsigned>(ceil_div(rows, 128)), 128};
  launch("cross_entropy", cross_entropy_rows_kernel, shape, stream, logits, targets, rows, classes, probabilities,
         losses, hits);
  launch("cross_entropy", mean_and_sum_kernel, Launch{1, sum_warps * warp_size}, stream, losses, hits, rows, loss,
         correct);
}

void cross_entropy_backward(cudaStream_t stream, const float* probabilities, const std::int32_t* targets,
                            const float* dL_dloss, float* dL_dlogits, bool accumulate, std::int64_t rows,
                            std::int64_t classes) {
  launch("cross_entropy_backward", cross_entropy_backward_kernel, elementwise(rows * classes), stream, probabilities,
         targets, dL_dloss, dL_dlogits, accumulate, rows, classes);
}

}  // namespace srwm::cuda
