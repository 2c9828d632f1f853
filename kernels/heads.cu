// Ops on the heads of a vector: y_h = w_h^T x_h for each head h (lib/ops/head_linear.h), and the maximum of keys and
// queries subtracted (lib/ops/shift_keys.h). A thread per output element of the products, per weight of their gradient,
// per head of the shift.
#include "kernels/device.cuh"
#include "kernels/heads.h"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

__global__ void head_linear_kernel(HeadSizes n, const float* x, const float* w, float* y) {
  for (std::int64_t i = thread_index(); i < n.rows * n.heads * n.out; i += thread_count()) {
    const int o = static_cast<int>(i % n.out), h = static_cast<int>(i / n.out % n.heads);
    const float* from = x + i / n.out * n.in;
    const float* column = w + static_cast<std::int64_t>(h) * n.in * n.out + o;
    float sum = 0;
    for (int j = 0; j < n.in; ++j) sum += from[j] * column[j * n.out];
    y[i] = sum;
  }
}

__global__ void head_linear_backward_kernel(HeadSizes n, const float* w, const float* dL_dy, float* dL_dx,
                                            bool accumulate) {
  for (std::int64_t i = thread_index(); i < n.rows * n.heads * n.in; i += thread_count()) {
    const int j = static_cast<int>(i % n.in), h = static_cast<int>(i / n.in % n.heads);
    const float* dy = dL_dy + i / n.in * n.out;
    const float* row = w + (static_cast<std::int64_t>(h) * n.in + j) * n.out;
    float sum = 0;
    for (int o = 0; o < n.out; ++o) sum += dy[o] * row[o];
    put(accumulate, dL_dx[i], sum);
  }
}

/// A thread per weight.
__global__ void head_linear_weight_gradient_kernel(HeadSizes n, const float* x, const float* dL_dy, float* dL_dw,
                                                   bool accumulate) {
  for (std::int64_t i = thread_index(); i < static_cast<std::int64_t>(n.heads) * n.in * n.out; i += thread_count()) {
    const std::int64_t o = i % n.out, j = i / n.out % n.in, h = i / n.out / n.in;
    float sum = 0;
    for (std::int64_t m = 0; m < n.rows; ++m) {
      sum += x[(m * n.heads + h) * n.in + j] * dL_dy[(m * n.heads + h) * n.out + o];
    }
    put(accumulate, dL_dw[i], sum);
  }
}

/// Index of the first largest of d numbers.
__device__ __forceinline__ int largest_of(const float* z, int d) {
  int largest = 0;
  for (int i = 1; i < d; ++i) largest = z[i] > z[largest] ? i : largest;
  return largest;
}

/// A thread per head of a step.
__global__ void shift_keys_kernel(const float* x, float* y, std::int64_t count, int d) {
  for (std::int64_t head = thread_index(); head < count; head += thread_count()) {
    const float* from = x + head * (3 * d + 1);
    float* to = y + head * (3 * d + 1);
    const float largest[2] = {from[largest_of(from, d)], from[d + largest_of(from + d, d)]};
    for (int i = 0; i < 3 * d + 1; ++i) to[i] = from[i] - (i < 2 * d ? largest[i / d] : 0.0f);
  }
}

__global__ void shift_keys_backward_kernel(const float* x, const float* dL_dy, float* dL_dx, bool accumulate,
                                           std::int64_t count, int d) {
  for (std::int64_t head = thread_index(); head < count; head += thread_count()) {
    const float *from = x + head * (3 * d + 1), *dy = dL_dy + head * (3 * d + 1);
    float* to = dL_dx + head * (3 * d + 1);
    for (int i = 0; i < 3 * d + 1; ++i) put(accumulate, to[i], dy[i]);
    for (int key = 0; key < 2 * d; key += d) {
      float sum = 0;
      for (int i = key; i < key + d; ++i) sum += dy[i];
      to[key + largest_of(from + key, d)] -= sum;
    }
  }
}

}  // namespace

void head_linear(cudaStream_t stream, const HeadSizes& n, const float* x, const float* w, float* y) {
  launch("head_linear", head_linear_kernel, elementwise(n.rows * n.heads * n.out), stream, n, x, w, y);
}

void head_linear_backward(cudaStream_t stream, const HeadSizes& n, const float* w, const float* dL_dy, float* dL_dx,
                          bool accumulate) {
  launch("head_linear_backward", head_linear_backward_kernel, elementwise(n.rows * n.heads * n.in), stream, n, w, dL_dy,
         dL_dx, accumulate);
}

void head_linear_weight_gradient(cudaStream_t stream, const HeadSizes& n, const float* x, const float* dL_dy,
                                 float* dL_dw, bool accumulate) {
  launch("head_linear_weight_gradient", head_linear_weight_gradient_kernel,
         elementwise(static_cast<std::int64_t>(n.heads) * n.in * n.out), stream, n, x, dL_dy, dL_dw, accumulate);
}

void shift_keys(cudaStream_t stream, const float* x, float* y, std::int64_t count, int d) {
  launch("shift_keys", shift_keys_kernel, elementwise(count), stream, x, y, count, d);
}

void shift_keys_backward(cudaStream_t stream, const float* x, const float* dL_dy, float* dL_dx, bool accumulate,
                         std::int64_t count, int d) {
  launch("shift_keys_backward", shift_keys_backward_kernel, elementwise(count), stream, x, dL_dy, dL_dx, accumulate,
         count, d);
}

}  // namespace srwm::cuda
