// Ops whose output elements do not interact, and ones that only move elements: sums, rectifiers, dropout, one-hot
// columns, gathered rows, channel order, per-channel scaling, global average pooling. Equations are in the headers of
// lib/ops.
//
// A thread per output element, in strides of the whole grid; dropout has a thread per four elements, which share a
// Philox block.
#include "kernels/device.cuh"
#include "kernels/elementwise.h"
#include "kernels/launch.h"
#include "kernels/philox.cuh"

namespace srwm::cuda {
namespace {

__global__ void fill_kernel(float* out, float value, std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) out[i] = value;
}

__global__ void add_kernel(const float* a, const float* b, float* y, std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) y[i] = a[i] + b[i];
}

__global__ void copy_or_add_kernel(const float* from, float* to, bool accumulate, std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) put(accumulate, to[i], from[i]);
}

__global__ void relu_kernel(const float* x, float* y, std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) y[i] = x[i] < 0 ? 0.0f : x[i];
}

__global__ void relu_backward_kernel(const float* y, const float* dL_dy, float* dL_dx, bool accumulate,
                                     std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) {
    put(accumulate, dL_dx[i], y[i] > 0 ? dL_dy[i] : 0.0f);
  }
}

__global__ void leaky_relu_kernel(float* y, float slope, std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) y[i] = y[i] > 0 ? y[i] : slope * y[i];
}

__global__ void leaky_relu_backward_kernel(const float* y, const float* dL_dy, float* dL_dz, float slope,
                                           std::int64_t n) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) {
    dL_dz[i] = y[i] > 0 ? dL_dy[i] : slope * dL_dy[i];
  }
}

/// to[n, p, c] (+)= from[n, p, c] factors[n, c], or factors[n, c] / pixels where there is no `from`.
__global__ void scale_channels_kernel(ChannelScaling p) {
  for (std::int64_t i = thread_index(); i < p.images * p.pixels * p.channels; i += thread_count()) {
    const float factor = p.factors[i / (p.pixels * p.channels) * p.channels + i % p.channels];
    put(p.accumulate, p.to[i], p.from != nullptr ? p.from[i] * factor : factor / static_cast<float>(p.pixels));
  }
}

__global__ void mean_over_pixels_kernel(const float* x, float* y, std::int64_t images, std::int64_t pixels,
                                        std::int64_t channels) {
  for (std::int64_t i = thread_index(); i < images * channels; i += thread_count()) {
    const float* from = x + i / channels * pixels * channels + i % channels;
    float sum = 0;
    for (std::int64_t p = 0; p < pixels; ++p) sum += from[p * channels];
    y[i] = sum / static_cast<float>(pixels);
  }
}

/// One thread per Philox block, which serves four elements.
__global__ void dropout_kernel(DropoutMask mask, const float* x, float* y, bool accumulate, std::int64_t n) {
  const std::uint32_t step = *mask.step;
  for (std::int64_t block = thread_index(); block * 4 < n; block += thread_count()) {
    const PhiloxBlock random =
        philox(static_cast<std::uint32_t>(block), mask.site + static_cast<std::uint32_t>(block >> 32), step,
               mask.stream, mask.key0, mask.key1);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const std::int64_t i = block * 4 + j;
      if (i < n) put(accumulate, y[i], random.word[j] < mask.dropped_below ? 0.0f : x[i] * mask.scale);
    }
  }
}

__global__ void concat_one_hot_kernel(const float* x, const std::int32_t* labels, float* y, std::int64_t rows,
                                      std::int64_t features, std::int64_t classes) {
  const std::int64_t width = features + classes;
  for (std::int64_t i = thread_index(); i < rows * width; i += thread_count()) {
    const std::int64_t row = i / width, column = i % width;
    y[i] = column < features ? x[row * features + column] : column - features == labels[row] ? 1.0f : 0.0f;
  }
}

__global__ void concat_one_hot_backward_kernel(const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                                               std::int64_t features, std::int64_t classes) {
  for (std::int64_t i = thread_index(); i < rows * features; i += thread_count()) {
    put(accumulate, dL_dx[i], dL_dy[i / features * (features + classes) + i % features]);
  }
}

__global__ void select_rows_kernel(const float* x, const std::int32_t* rows, float* y, std::int64_t count,
                                   std::int64_t width) {
  for (std::int64_t i = thread_index(); i < count * width; i += thread_count()) {
    y[i] = x[rows[i / width] * width + i % width];
  }
}

__global__ void add_to_rows_kernel(const float* dL_dy, const std::int32_t* rows, float* dL_dx, std::int64_t count,
                                   std::int64_t width) {
  for (std::int64_t i = thread_index(); i < count * width; i += thread_count()) {
    dL_dx[rows[i / width] * width + i % width] += dL_dy[i];
  }
}

__global__ void to_channels_first_kernel(const float* x, float* y, std::int64_t n, std::int64_t pixels,
                                         std::int64_t channels) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) {
    const std::int64_t pixel = i % pixels, channel = i / pixels % channels, image = i / (pixels * channels);
    y[i] = x[(image * pixels + pixel) * channels + channel];
  }
}

__global__ void to_channels_last_kernel(const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t n,
                                        std::int64_t pixels, std::int64_t channels) {
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) {
    const std::int64_t channel = i % channels, pixel = i / channels % pixels, image = i / (pixels * channels);
    put(accumulate, dL_dx[i], dL_dy[(image * channels + channel) * pixels + pixel]);
  }
}

/// Grid: x over the elements of a part, y over the parts.
__global__ void join_columns_kernel(const __grid_constant__ SideBySide x, float* y) {
  const int j = static_cast<int>(blockIdx.y);
  std::int64_t before = 0, total = 0;
  for (int k = 0; k < x.parts; ++k) {
    if (k < j) before += x.width[k];
    total += x.width[k];
  }
  for (std::int64_t i = thread_index(); i < x.rows * x.width[j]; i += thread_count()) {
    y[i / x.width[j] * total + before + i % x.width[j]] = x.part[j][i];
  }
}

__global__ void split_columns_kernel(const float* y, const __grid_constant__ SideBySide x) {
  const int j = static_cast<int>(blockIdx.y);
  if (x.part[j] == nullptr) return;
  std::int64_t before = 0, total = 0;
  for (int k = 0; k < x.parts; ++k) {
    if (k < j) before += x.width[k];
    total += x.width[k];
  }
  for (std::int64_t i = thread_index(); i < x.rows * x.width[j]; i += thread_count()) {
    put(x.accumulate[j], x.part[j][i], y[i / x.width[j] * total + before + i % x.width[j]]);
  }
}

Launch over_parts(const SideBySide& x) {
  std::int64_t widest = 0;
  for (int j = 0; j < x.parts; ++j) widest = x.width[j] > widest ? x.width[j] : widest;
  Launch shape = elementwise(x.rows * widest);
  shape.grid.y = static_cast<unsigned>(x.parts);
  return shape;
}

}  // namespace

void fill(cudaStream_t stream, float* out, float value, std::int64_t n) {
  launch("fill", fill_kernel, elementwise(n), stream, out, value, n);
}

void add(cudaStream_t stream, const float* a, const float* b, float* y, std::int64_t n) {
  launch("add", add_kernel, elementwise(n), stream, a, b, y, n);
}

void copy_or_add(cudaStream_t stream, const float* from, float* to, bool accumulate, std::int64_t n) {
  launch("copy_or_add", copy_or_add_kernel, elementwise(n), stream, from, to, accumulate, n);
}

void relu(cudaStream_t stream, const float* x, float* y, std::int64_t n) {
  launch("relu", relu_kernel, elementwise(n), stream, x, y, n);
}

void leaky_relu(cudaStream_t stream, float* y, float slope, std::int64_t n) {
  launch("leaky_relu", leaky_relu_kernel, elementwise(n), stream, y, slope, n);
}

void leaky_relu_backward(cudaStream_t stream, const float* y, const float* dL_dy, float* dL_dz, float slope,
                         std::int64_t n) {
  launch("leaky_relu backward", leaky_relu_backward_kernel, elementwise(n), stream, y, dL_dy, dL_dz, slope, n);
}

void scale_channels(cudaStream_t stream, const ChannelScaling& p) {
  launch("scale_channels", scale_channels_kernel, elementwise(p.images * p.pixels * p.channels), stream, p);
}

void mean_over_pixels(cudaStream_t stream, const float* x, float* y, std::int64_t images, std::int64_t pixels,
                      std::int64_t channels) {
  launch("mean_over_pixels", mean_over_pixels_kernel, elementwise(images * channels), stream, x, y, images, pixels,
         channels);
}

void mean_over_pixels_backward(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate,
                               std::int64_t images, std::int64_t pixels, std::int64_t channels) {
  const ChannelScaling scaling{.images = images,
                               .pixels = pixels,
                               .channels = channels,
                               .from = nullptr,
                               .factors = dL_dy,
                               .to = dL_dx,
                               .accumulate = accumulate};
  launch("mean_over_pixels backward", scale_channels_kernel, elementwise(images * pixels * channels), stream, scaling);
}

void relu_backward(cudaStream_t stream, const float* y, const float* dL_dy, float* dL_dx, bool accumulate,
                   std::int64_t n) {
  launch("relu_backward", relu_backward_kernel, elementwise(n), stream, y, dL_dy, dL_dx, accumulate, n);
}

void dropout(cudaStream_t stream, const DropoutMask& mask, const float* x, float* y, bool accumulate, std::int64_t n) {
  launch("dropout", dropout_kernel, elementwise(ceil_div(n, 4)), stream, mask, x, y, accumulate, n);
}

void concat_one_hot(cudaStream_t stream, const float* x, const std::int32_t* labels, float* y, std::int64_t rows,
                    std::int64_t features, std::int64_t classes) {
  launch("concat_one_hot", concat_one_hot_kernel, elementwise(rows * (features + classes)), stream, x, labels, y, rows,
         features, classes);
}

void concat_one_hot_backward(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                             std::int64_t features, std::int64_t classes) {
  launch("concat_one_hot_backward", concat_one_hot_backward_kernel, elementwise(rows * features), stream, dL_dy, dL_dx,
         accumulate, rows, features, classes);
}

void select_rows(cudaStream_t stream, const float* x, const std::int32_t* rows, float* y, std::int64_t count,
                 std::int64_t width) {
  launch("select_rows", select_rows_kernel, elementwise(count * width), stream, x, rows, y, count, width);
}

void add_to_rows(cudaStream_t stream, const float* dL_dy, const std::int32_t* rows, float* dL_dx, std::int64_t count,
                 std::int64_t width) {
  launch("add_to_rows", add_to_rows_kernel, elementwise(count * width), stream, dL_dy, rows, dL_dx, count, width);
}

void to_channels_first(cudaStream_t stream, const float* x, float* y, std::int64_t images, std::int64_t pixels,
                       std::int64_t channels) {
  const std::int64_t n = images * pixels * channels;
  launch("to_channels_first", to_channels_first_kernel, elementwise(n), stream, x, y, n, pixels, channels);
}

void to_channels_last(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t images,
                      std::int64_t pixels, std::int64_t channels) {
  const std::int64_t n = images * pixels * channels;
  launch("to_channels_last", to_channels_last_kernel, elementwise(n), stream, dL_dy, dL_dx, accumulate, n, pixels,
         channels);
}

void join_columns(cudaStream_t stream, const SideBySide& x, float* y) {
  launch("join_columns", join_columns_kernel, over_parts(x), stream, x, y);
}

void split_columns(cudaStream_t stream, const float* y, const SideBySide& x) {
  launch("split_columns", split_columns_kernel, over_parts(x), stream, y, x);
}

}  // namespace srwm::cuda
