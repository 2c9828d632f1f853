// 3x3 convolution for any number of channels, in float32 without tensor cores, and the choice between the two: the
// equations are in kernels/conv3x3.h.
//
// A block computes a 64x64 tile of pixels and output channels (of taps and channels for the gradient of the weights), a
// thread a small square of it: kernels/tile_product.cuh. Slices of the weights' gradient are added by a thread per
// weight.
#include "kernels/batch_norm.h"
#include "kernels/conv3x3.h"
#include "kernels/conv3x3_taps.cuh"
#include "kernels/conv3x3_tensor.h"
#include "kernels/launch.h"
#include "kernels/tile_product.cuh"

namespace srwm::cuda {
namespace {

/// To [9 I, O], row t I + i.
__global__ void arrange_kernel(const float* weight, float* to, int in, int out, bool transposed) {
  for (std::int64_t e = thread_index(); e < std::int64_t{9} * in * out; e += thread_count()) {
    const int o = static_cast<int>(e % out), row = static_cast<int>(e / out), tap = row / in, i = row % in;
    to[e] = transposed ? weight[(static_cast<std::int64_t>(i) * out + o) * 9 + 8 - tap]
                       : weight[(static_cast<std::int64_t>(o) * in + i) * 9 + tap];
  }
}

/// x at the taps of the 64 pixels from `first` on; k counts taps and, within a tap, channels.
struct TapsOfPixels {
  static constexpr bool k_is_contiguous = true;
  const float* x;
  ImageSize image;
  int pixels, channels, first;

  __device__ float operator()(int k, int j) const {
    const int pixel = first + j, tap = k / channels, r = tap / 3, s = tap % 3;
    if (pixel >= pixels || !Place(pixel, image).has_tap(r, s, image)) return 0;
    return x[static_cast<std::int64_t>(pixel + tap_offset(r, s, image)) * channels + k % channels];
  }
};

/// The same numbers with the roles exchanged: k counts pixels, j taps and channels from `first` on.
struct PixelsOfTaps {
  static constexpr bool k_is_contiguous = false;
  TapsOfPixels taps;
  int first;

  __device__ float operator()(int k, int j) const { return first + j < 9 * taps.channels ? taps(first + j, k) : 0.0f; }
};

/// Rows of a matrix with k counting rows: 64 columns from `first` on.
struct Columns {
  static constexpr bool k_is_contiguous = false;
  const float* data;
  int columns, first;

  __device__ float operator()(int k, int j) const {
    return first + j < columns ? data[static_cast<std::int64_t>(k) * columns + first + j] : 0.0f;
  }
};

__global__ void __launch_bounds__(tile_threads)
    conv_kernel(ImageSize image, int pixels, int in, int out, const float* x, const float* arranged, const float* bias,
                float* y, bool accumulate) {
  const int first_pixel = static_cast<int>(blockIdx.x) * tile_size;
  const int first_out = static_cast<int>(blockIdx.y) * tile_size;
  const TileSums sums =
      tile_product(TapsOfPixels{x, image, pixels, in, first_pixel}, Columns{arranged, out, first_out}, 0, 9 * in);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int pixel = first_pixel + sums.row + i;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int o = first_out + sums.column + j;
      if (pixel >= pixels || o >= out) continue;
      put(accumulate, y[static_cast<std::int64_t>(pixel) * out + o],
          sums.value[i][j] + (bias == nullptr ? 0.0f : bias[o]));
    }
  }
}

/// Block (x, y, z): rows t I + i from 64 x on, columns o from 64 y on, pixels of slice z.
__global__ void __launch_bounds__(tile_threads)
    weight_gradient_kernel(ImageSize image, int pixels, int in, int out, const float* x, const float* dL_dy,
                           float* partial) {
  const int first_row = static_cast<int>(blockIdx.x) * tile_size, first_out = static_cast<int>(blockIdx.y) * tile_size;
  const int per_slice = (pixels + static_cast<int>(gridDim.z) - 1) / static_cast<int>(gridDim.z);
  const int begin = static_cast<int>(blockIdx.z) * per_slice;
  const int end = begin + per_slice < pixels ? begin + per_slice : pixels;
  const TileSums sums =
      tile_product(PixelsOfTaps{{x, image, pixels, in, 0}, first_row}, Columns{dL_dy, out, first_out}, begin, end);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int row = first_row + sums.row + i;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int o = first_out + sums.column + j;
      if (row >= 9 * in || o >= out) continue;
      partial[(static_cast<std::int64_t>(blockIdx.z) * 9 * in + row) * out + o] = sums.value[i][j];
    }
  }
}

/// dL_dweight[o, i, t] (+)= sum over slices of partial[slice, t I + i, o].
__global__ void add_weight_slices_kernel(const float* partial, int slices, int in, int out, float* dL_dweight,
                                         bool accumulate) {
  const std::int64_t size = std::int64_t{9} * in * out;
  for (std::int64_t e = thread_index(); e < size; e += thread_count()) {
    float sum = 0;
    for (int slice = 0; slice < slices; ++slice) sum += partial[slice * size + e];
    const std::int64_t o = e % out, row = e / out;
    put(accumulate, dL_dweight[(o * in + row % in) * 9 + row / in], sum);
  }
}

unsigned tiles(std::int64_t n) {
  return static_cast<unsigned>(ceil_div(n, tile_size));
}

}  // namespace

std::int64_t arranged_floats(const ConvShape& shape, ProductPrecision precision) {
  return fits_tensor_cores(shape) ? arranged_words_tensor(shape, precision) : 9 * shape.in * shape.out;
}

void arrange_weights(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, WeightsOf use,
                     const float* weight, float* to) {
  const bool transposed = use == WeightsOf::input_gradient;
  if (fits_tensor_cores(shape)) return arrange_weights_tensor(stream, shape, precision, weight, transposed, to);
  launch("arrange_weights", arrange_kernel, elementwise(9 * shape.in * shape.out), stream, weight, to, shape.in,
         shape.out, transposed);
}

std::int64_t conv_moment_pixels(const ConvShape& shape) {
  return fits_tensor_cores(shape) ? tensor_moment_pixels : norm_slice_pixels;
}

void conv3x3(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, const float* x,
             const float* arranged, const ConvOutput& out) {
  if (fits_tensor_cores(shape)) return conv3x3_tensor(stream, shape, precision, x, arranged, out);
  const Launch grid{dim3(tiles(shape.pixels()), tiles(shape.out)), tile_threads};
  launch("conv3x3", conv_kernel, grid, stream, ImageSize(shape), shape.pixels(), shape.in, shape.out, x, arranged,
         out.bias, out.y, out.accumulate);
  if (out.moments != nullptr) channel_moments(stream, out.y, shape.pixels(), shape.out, out.moments);
}

std::int64_t weight_gradient_slices(const ConvShape& shape) {
  constexpr std::int64_t least_pixels = 256, most_slices = 128;
  const std::int64_t slices = ceil_div(shape.pixels(), least_pixels);
  return slices < 1 ? 1 : slices < most_slices ? slices : most_slices;
}

void conv3x3_weight_gradient(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision,
                             const ConvWeightGradient& p) {
  const std::int64_t slices = weight_gradient_slices(shape);
  if (fits_tensor_cores(shape)) {
    weight_gradient_tensor(stream, shape, precision, p.x, p.dL_dy, slices, p.partial);
  } else {
    const Launch grid{dim3(tiles(9 * shape.in), tiles(shape.out), static_cast<unsigned>(slices)), tile_threads};
    launch("conv3x3_weight_gradient", weight_gradient_kernel, grid, stream, ImageSize(shape), shape.pixels(), shape.in,
           shape.out, p.x, p.dL_dy, p.partial);
  }
  launch("conv3x3_weight_gradient", add_weight_slices_kernel, elementwise(9 * shape.in * shape.out), stream, p.partial,
         slices, shape.in, shape.out, p.dL_dweight, p.accumulate);
}

}  // namespace srwm::cuda
