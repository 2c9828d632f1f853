// Ops on the batch and time axes of sequences: a column appended to rows, a tensor added to every item, axes swapped,
// items masked. All move or combine single elements: a thread per element, in strides of the whole grid.
#include "kernels/batch.h"
#include "kernels/device.cuh"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

__global__ void append_column_kernel(const float* x, const float* column, float limit, float* y, std::int64_t rows,
                                     std::int64_t features) {
  const std::int64_t width = features + 1;
  for (std::int64_t i = thread_index(); i < rows * width; i += thread_count()) {
    const std::int64_t row = i / width, at = i % width;
    // Comparisons, so that a NaN stays one.
    const float v = at < features ? x[row * features + at] : column[row];
    y[i] = at < features ? v : v > limit ? limit : v < -limit ? -limit : v;
  }
}

__global__ void append_column_backward_kernel(const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                                              std::int64_t features) {
  for (std::int64_t i = thread_index(); i < rows * features; i += thread_count()) {
    put(accumulate, dL_dx[i], dL_dy[i / features * (features + 1) + i % features]);
  }
}

__global__ void broadcast_add_kernel(const float* x, const float* shared, float scale, float* y, std::int64_t batch,
                                     std::int64_t n) {
  for (std::int64_t i = thread_index(); i < batch * n; i += thread_count()) y[i] = x[i] + scale * shared[i % n];
}

__global__ void broadcast_add_backward_kernel(const float* dL_dy, float scale, float* dL_dshared, bool accumulate,
                                              std::int64_t batch, std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) {
    double sum = 0;
    for (std::int64_t b = 0; b < batch; ++b) sum += static_cast<double>(dL_dy[b * n + i]);
    put(accumulate, dL_dshared[i], scale * static_cast<float>(sum));
  }
}

__global__ void swap_axes_kernel(const float* x, float* y, bool accumulate, std::int64_t batch, std::int64_t steps,
                                 std::int64_t width) {
  for (std::int64_t i = thread_index(); i < batch * steps * width; i += thread_count()) {
    const std::int64_t b = i / width % batch, t = i / (width * batch);
    put(accumulate, y[i], x[(b * steps + t) * width + i % width]);
  }
}

__global__ void masked_fill_kernel(MaskedFillLaunch p) {
  for (std::int64_t i = thread_index(); i < p.batch * p.n; i += thread_count()) {
    put(p.accumulate, p.y[i], p.mask[i / p.n * p.stride] != 0 ? 0.0f : p.x[i]);
  }
}

}  // namespace

void append_column(cudaStream_t stream, const float* x, const float* column, float limit, float* y, std::int64_t rows,
                   std::int64_t features) {
  launch("append_column", append_column_kernel, elementwise(rows * (features + 1)), stream, x, column, limit, y, rows,
         features);
}

void append_column_backward(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                            std::int64_t features) {
  launch("append_column_backward", append_column_backward_kernel, elementwise(rows * features), stream, dL_dy, dL_dx,
         accumulate, rows, features);
}

void broadcast_add(cudaStream_t stream, const float* x, const float* shared, float scale, float* y, std::int64_t batch,
                   std::int64_t n) {
  launch("broadcast_add", broadcast_add_kernel, elementwise(batch * n), stream, x, shared, scale, y, batch, n);
}

void broadcast_add_backward(cudaStream_t stream, const float* dL_dy, float scale, float* dL_dshared, bool accumulate,
                            std::int64_t batch, std::int64_t n) {
  launch("broadcast_add_backward", broadcast_add_backward_kernel, elementwise(n), stream, dL_dy, scale, dL_dshared,
         accumulate, batch, n);
}

void swap_axes(cudaStream_t stream, const float* x, float* y, bool accumulate, std::int64_t batch, std::int64_t steps,
               std::int64_t width) {
  launch("swap_axes", swap_axes_kernel, elementwise(batch * steps * width), stream, x, y, accumulate, batch, steps,
         width);
}

void masked_fill(cudaStream_t stream, const MaskedFillLaunch& p) {
  launch("masked_fill", masked_fill_kernel, elementwise(p.batch * p.n), stream, p);
}

}  // namespace srwm::cuda
