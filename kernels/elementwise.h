// Ops without interaction between elements, and ones that only move them.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// out[i] = value.
void fill(cudaStream_t stream, float* out, float value, std::int64_t n);
/// y[i] = a[i] + b[i].
void add(cudaStream_t stream, const float* a, const float* b, float* y, std::int64_t n);
/// to[i] = from[i], or to[i] += from[i].
void copy_or_add(cudaStream_t stream, const float* from, float* to, bool accumulate, std::int64_t n);
/// y[i] = max(x[i], 0), a NaN stays.
void relu(cudaStream_t stream, const float* x, float* y, std::int64_t n);
/// dL_dx[i] (+)= y[i] > 0 ? dL_dy[i] : 0.
void relu_backward(cudaStream_t stream, const float* y, const float* dL_dy, float* dL_dx, bool accumulate,
                   std::int64_t n);

/// y[i] = y[i] where it is above zero, else slope * y[i].
void leaky_relu(cudaStream_t stream, float* y, float slope, std::int64_t n);
/// dL_dz[i] = y[i] > 0 ? dL_dy[i] : slope * dL_dy[i], y the output.
void leaky_relu_backward(cudaStream_t stream, const float* y, const float* dL_dy, float* dL_dz, float slope,
                         std::int64_t n);

/// The Philox key of a dropout mask; the step is read on the device, so that a replayed graph draws new masks.
struct DropoutMask {
  std::uint32_t key0, key1, stream;
  const std::uint32_t* step;
  std::uint32_t site;
  std::uint32_t dropped_below;  ///< an element is dropped if its random word is below this
  float scale;                  ///< 1 / (1 - p)
};
/// y[i] (+)= kept(i) ? x[i] * scale : 0; element i draws word i % 4 of Philox block (site << 32) + i / 4.
void dropout(cudaStream_t stream, const DropoutMask& mask, const float* x, float* y, bool accumulate, std::int64_t n);

/// y[m] = [x[m], onehot(labels[m])]: x [rows, features], y [rows, features + classes].
void concat_one_hot(cudaStream_t stream, const float* x, const std::int32_t* labels, float* y, std::int64_t rows,
                    std::int64_t features, std::int64_t classes);
/// dL_dx[m, f] (+)= dL_dy[m, f] for f < features.
void concat_one_hot_backward(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                             std::int64_t features, std::int64_t classes);

/// y[m] = x[rows[m]], rows of `width` numbers.
void select_rows(cudaStream_t stream, const float* x, const std::int32_t* rows, float* y, std::int64_t count,
                 std::int64_t width);
/// dL_dx[rows[m]] += dL_dy[m]; no row is named twice.
void add_to_rows(cudaStream_t stream, const float* dL_dy, const std::int32_t* rows, float* dL_dx, std::int64_t count,
                 std::int64_t width);

/// y[n, c, p] = x[n, p, c], p over `pixels`, c over `channels`.
void to_channels_first(cudaStream_t stream, const float* x, float* y, std::int64_t images, std::int64_t pixels,
                       std::int64_t channels);
/// dL_dx[n, p, c] (+)= dL_dy[n, c, p].
void to_channels_last(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t images,
                      std::int64_t pixels, std::int64_t channels);

struct ChannelScaling {
  std::int64_t images, pixels, channels;
  const float* from;     ///< [images, pixels, channels]
  const float* factors;  ///< [images, channels]
  float* to;             ///< as `from`
  bool accumulate;
};
/// to[n, p, c] (+)= from[n, p, c] factors[n, c].
void scale_channels(cudaStream_t stream, const ChannelScaling& p);
/// y[n, c] = mean over p of x[n, p, c].
void mean_over_pixels(cudaStream_t stream, const float* x, float* y, std::int64_t images, std::int64_t pixels,
                      std::int64_t channels);
/// dL_dx[n, p, c] (+)= dL_dy[n, c] / pixels.
void mean_over_pixels_backward(cudaStream_t stream, const float* dL_dy, float* dL_dx, bool accumulate,
                               std::int64_t images, std::int64_t pixels, std::int64_t channels);

/// Joins `parts` matrices of `rows` rows side by side: y[r] = [x_0[r], x_1[r], ...], or takes them apart again.
struct SideBySide {
  static constexpr int most = 4;
  float* part[most];
  std::int64_t width[most];
  bool accumulate[most];
  int parts;
  std::int64_t rows;
};
void join_columns(cudaStream_t stream, const SideBySide& x, float* y);
/// part_j[r] (+)= its columns of y[r]; an absent part (nullptr) is left out.
void split_columns(cudaStream_t stream, const float* y, const SideBySide& x);

}  // namespace srwm::cuda
