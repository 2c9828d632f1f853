// Sums of columns, out[i] = sum over rows m of value(m, i), in two steps of fixed order.
//
// The rows are cut into slices, the columns into groups of 32. A block sums one slice of one group: thread (i, team)
// adds every eighth row of column i, then the eight teams are added in shared memory. A second kernel adds the slices,
// a thread per column.
#include "kernels/column_sums.h"
#include "kernels/device.cuh"
#include "kernels/launch.h"

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

__global__ void normalized_column_sums_kernel(NormalizedColumnSums p) {
  slice_sums(
      [=](std::int64_t m, std::int64_t i) {
        const std::int64_t at = m * p.width + i;
        return p.dL_dy[at] * ((p.x[at] - p.mean[m]) * p.inv_std[m]);
      },
      p.rows, p.width, p.partial);
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

void normalized_column_sums(cudaStream_t stream, const NormalizedColumnSums& p) {
  launch("normalized_column_sums", normalized_column_sums_kernel, slice_launch(p.rows, p.width), stream, p);
  add_slices(stream, p.partial, p.rows, p.width, p.out, p.accumulate);
}

}  // namespace srwm::cuda
