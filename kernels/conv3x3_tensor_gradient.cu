// Gradient of the weights of a 3x3 convolution on tensor cores: for each tap the product of dL_dy transposed with x at
// that tap, summed over pixels.
//
// A block of nine warps, one per tap, takes 32 output channels, 32 input channels and a slice of the
// batch, and keeps its sums in registers. dL_dy of 128 pixels, and x there and where the taps reach, are in shared
// memory, with a table of the row that each pixel has at each tap: a row of zeros outside the image.
#include "kernels/conv3x3_taps.cuh"
#include "kernels/conv3x3_tensor.h"
#include "kernels/conv3x3_words.cuh"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

constexpr int taps = 9, threads = taps * warp_size;
constexpr int tile_pixels = 128, tile_in = 32, tile_out = 32;

/// Rows of words in shared memory. A lane reads single tf32 numbers from rows t and columns g, or rows of eight bf16
/// numbers: neither finds two in one bank.
template <ProductPrecision P_>
struct Tile {
  static constexpr ProductPrecision P = P_;
  static constexpr int padding = P == ProductPrecision::bf16 ? 4 : 8;
  static constexpr int out_words = tile_out / channels_per_word<P>, in_words = tile_in / channels_per_word<P>;
  static constexpr int out_stride = out_words + padding, in_stride = in_words + padding;

  /// Rows of x; row 0 is the zeros.
  __host__ __device__ static int rows(int width) { return 1 + tile_pixels + 2 * (width + 1); }
  static std::size_t shared_bytes(int width) {
    return (static_cast<std::size_t>(rows(width)) * in_stride + tile_pixels * (out_stride + taps)) * sizeof(unsigned);
  }
};

struct GradientArguments {
  ImageSize image;
  int pixels, in, out;
  int slice_pixels;
  const float *x, *dL_dy;
  float* partial;
};

template <typename Tile>
struct SharedTile {
  unsigned* x;      // [rows, in_stride]
  unsigned* dL_dy;  // [tile_pixels, out_stride]
  int* table;       // [taps, tile_pixels]: where the row of x begins

  __device__ explicit SharedTile(int width)
      : x(dynamic_shared<unsigned>()),
        dL_dy(x + Tile::rows(width) * Tile::in_stride),
        table(reinterpret_cast<int*>(dL_dy + tile_pixels * Tile::out_stride)) {}
};

/// Loads the tile that begins at pixel `first`; pixels from `end` on belong to another slice.
template <typename Tile>
__device__ __forceinline__ void load_tile(const SharedTile<Tile>& shared, const GradientArguments& a, int first,
                                          int end, int first_in, int first_out) {
  const int reach = a.image.width + 1;
  load_rows<Tile::P, Tile::in_words, Tile::in_stride, threads>(
      shared.x + Tile::in_stride, {a.x, first - reach, tile_pixels + 2 * reach, 0, a.pixels, a.in, first_in});
  load_rows<Tile::P, Tile::out_words, Tile::out_stride, threads>(
      shared.dL_dy, {a.dL_dy, first, tile_pixels, first, end, a.out, first_out});
  for (int e = static_cast<int>(threadIdx.x); e < taps * tile_pixels; e += threads) {
    const int tap = e / tile_pixels, pixel = e % tile_pixels, r = tap / 3, s = tap % 3;
    const bool there = first + pixel < end && Place(first + pixel, a.image).has_tap(r, s, a.image);
    shared.table[e] = there ? (1 + reach + pixel + tap_offset(r, s, a.image)) * Tile::in_stride : 0;
  }
}

using WarpSums =
    float[tile_out / 16][4][4];  // pieces of 16 output channels, of 8 input channels, a lane's share of a piece

/// Adds the products of 8 pixels from `pixel` on.
template <typename Tile>
__device__ __forceinline__ void multiply_numbers(WarpSums& sums, const SharedTile<Tile>& shared, int tap, int pixel) {
  const int g = static_cast<int>(threadIdx.x) % warp_size / 4, t = static_cast<int>(threadIdx.x) % 4;
  const int *rows = shared.table + tap * tile_pixels + pixel + t, row0 = rows[0], row1 = rows[4];
  unsigned b[4][2];
#pragma unroll
  for (int n = 0; n < 4; ++n) {
    b[n][0] = shared.x[row0 + n * 8 + g];
    b[n][1] = shared.x[row1 + n * 8 + g];
  }
  const unsigned* from = shared.dL_dy + (pixel + t) * Tile::out_stride + g;
#pragma unroll
  for (int m = 0; m < tile_out / 16; ++m) {
    const unsigned a[4] = {from[m * 16], from[m * 16 + 8], from[4 * Tile::out_stride + m * 16],
                           from[4 * Tile::out_stride + m * 16 + 8]};
    Products<Tile::P>::add(sums[m], a, b);
  }
}

/// The same with 16 pixels, two to a word: the matrices are transposed as they are loaded.
template <typename Tile>
__device__ __forceinline__ void multiply_pairs(WarpSums& sums, const SharedTile<Tile>& shared, int tap, int pixel) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size, matrix = lane / 8;
  const int row = shared.table[tap * tile_pixels + pixel + matrix % 2 * 8 + lane % 8];
  unsigned b[4][2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    unsigned words[4];
    load_matrices_transposed(words, shared.x + row + half * 8 + matrix / 2 * 4);
    b[2 * half][0] = words[0];
    b[2 * half][1] = words[1];
    b[2 * half + 1][0] = words[2];
    b[2 * half + 1][1] = words[3];
  }
  const unsigned* from = shared.dL_dy + (pixel + matrix / 2 * 8 + lane % 8) * Tile::out_stride + matrix % 2 * 4;
#pragma unroll
  for (int m = 0; m < tile_out / 16; ++m) {
    unsigned a[4];
    load_matrices_transposed(a, from + m * 8);
    Products<Tile::P>::add(sums[m], a, b);
  }
}

template <typename Tile>
__device__ __forceinline__ void multiply_tile(WarpSums& sums, const SharedTile<Tile>& shared, int tap) {
  constexpr int step = 8 * channels_per_word<Tile::P>;
#pragma unroll 1
  for (int pixel = 0; pixel < tile_pixels; pixel += step) {
    if constexpr (Tile::P == ProductPrecision::bf16) {
      multiply_pairs(sums, shared, tap, pixel);
    } else {
      multiply_numbers(sums, shared, tap, pixel);
    }
  }
}

/// Sums go to rows tap I + i of the slice's [9 I, O].
__device__ __forceinline__ void put_sums(const WarpSums& sums, const GradientArguments& a, int tap, int first_in,
                                         int first_out) {
  const int g = static_cast<int>(threadIdx.x) % warp_size / 4, t = static_cast<int>(threadIdx.x) % 4;
  float* to = a.partial + (static_cast<std::int64_t>(blockIdx.x) * taps + tap) * a.in * a.out;
#pragma unroll
  for (int m = 0; m < tile_out / 16; ++m) {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int o = first_out + m * 16 + j / 2 * 8 + g, i = first_in + n * 8 + 2 * t + j % 2;
        if (o < a.out && i < a.in) to[static_cast<std::int64_t>(i) * a.out + o] = sums[m][n][j];
      }
    }
  }
}

template <typename Tile>
__global__ void __launch_bounds__(threads, 2) weight_gradient_tensor_kernel(GradientArguments a) {
  const int tap = static_cast<int>(threadIdx.x) / warp_size;
  const int begin = static_cast<int>(blockIdx.x) * a.slice_pixels;
  const int end = begin + a.slice_pixels < a.pixels ? begin + a.slice_pixels : a.pixels;
  const int first_in = static_cast<int>(blockIdx.y) * tile_in, first_out = static_cast<int>(blockIdx.z) * tile_out;
  const SharedTile<Tile> shared(a.image.width);
  if (threadIdx.x < Tile::in_stride) shared.x[threadIdx.x] = 0;
  WarpSums sums = {};
  for (int first = begin; first < end; first += tile_pixels) {
    __syncthreads();  // everybody has read the last tile
    load_tile(shared, a, first, end, first_in, first_out);
    __syncthreads();
    multiply_tile(sums, shared, tap);
  }
  put_sums(sums, a, tap, first_in, first_out);
}

template <typename Tile>
void launch_tile(cudaStream_t stream, const ConvShape& shape, std::int64_t slices, const GradientArguments& arguments) {
  const std::size_t bytes = Tile::shared_bytes(static_cast<int>(shape.width));
  allow_shared(weight_gradient_tensor_kernel<Tile>, bytes, "conv3x3_weight_gradient");
  const Launch grid{dim3(static_cast<unsigned>(slices), static_cast<unsigned>(ceil_div(shape.in, tile_in)),
                         static_cast<unsigned>(ceil_div(shape.out, tile_out))),
                    threads, bytes};
  launch("conv3x3_weight_gradient", weight_gradient_tensor_kernel<Tile>, grid, stream, arguments);
}

}  // namespace

void weight_gradient_tensor(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, const float* x,
                            const float* dL_dy, std::int64_t slices, float* partial) {
  const GradientArguments arguments{
      ImageSize(shape),
      static_cast<int>(shape.pixels()),
      static_cast<int>(shape.in),
      static_cast<int>(shape.out),
      static_cast<int>(ceil_div(ceil_div(shape.pixels(), slices), tile_pixels)) * tile_pixels,
      x,
      dL_dy,
      partial};
  switch (precision) {
    case ProductPrecision::fp32:
      return launch_tile<Tile<ProductPrecision::fp32>>(stream, shape, slices, arguments);
    case ProductPrecision::tf32:
      return launch_tile<Tile<ProductPrecision::tf32>>(stream, shape, slices, arguments);
    case ProductPrecision::bf16:
      return launch_tile<Tile<ProductPrecision::bf16>>(stream, shape, slices, arguments);
  }
}

}  // namespace srwm::cuda
