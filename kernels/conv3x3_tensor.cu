// 3x3 convolution on tensor cores (equations in kernels/conv3x3.h).
//
// A block makes the outputs of 64 or more pixels in a row of the batch for 32 or 64
// channels. Its patch, those pixels and the ones before and after them that their taps reach, is in shared memory,
// 16 or 32 words of channels at a time: it is loaded once for all nine taps, and a tap is an offset into it. Taps
// outside the image read a row of zeros. The weights pass through a ring of three stages, one tap each, in the order in
// which lanes need them.
#include "kernels/channels_last.cuh"
#include "kernels/conv3x3_taps.cuh"
#include "kernels/conv3x3_tensor.h"
#include "kernels/conv3x3_words.cuh"

namespace srwm::cuda {
namespace {

constexpr int warp_pixels = 64, warp_columns = 32;

/// How a block of WarpsM x WarpsN warps divides pixels and output channels; each warp has 64 x 32 of them.
template <ProductPrecision P_, int Words_, int WarpsM_, int WarpsN_>
struct Tile {
  static constexpr ProductPrecision P = P_;
  static constexpr int Words = Words_, WarpsM = WarpsM_, WarpsN = WarpsN_;
  static constexpr int threads = WarpsM * WarpsN * warp_size;
  static constexpr int pixels = WarpsM * warp_pixels;
  static constexpr int stride = Words + 4;  // rows of the patch start in different banks
  static constexpr int channels = Words * channels_per_word<P>;
  static constexpr int stages = 3, group_words = warp_columns * Words, stage_words = WarpsN * group_words;

  /// Rows of the patch; row 0 is the zeros.
  __host__ __device__ static int rows(int width) { return 1 + pixels + 2 * (width + 1); }
  static std::size_t shared_bytes(int width) {
    return (static_cast<std::size_t>(rows(width)) * stride + stages * stage_words) * sizeof(unsigned);
  }
};

struct ConvArguments {
  ImageSize image;
  int pixels, in, out;
  const float* x;
  const unsigned* arranged;
  ConvOutput output;
};

/// Where the lane's rows of the four 16-row pieces of its warp begin in the patch, and which of their taps exist.
template <typename Tile>
class LaneRows {
 public:
  __device__ LaneRows(const ImageSize& image, int pixels, int first_pixel, int warp_m)
      : zeros_(static_cast<int>(threadIdx.x) % warp_size / 16 * 4), centre_(image.width + 2) {
#pragma unroll
    for (int m = 0; m < 4; ++m) {
      row_[m] = warp_m * warp_pixels + m * 16 + static_cast<int>(threadIdx.x) % 16;
      taps_[m] = 0;
      if (first_pixel + row_[m] >= pixels) continue;
      const Place place(first_pixel + row_[m], image);
#pragma unroll
      for (int tap = 0; tap < 9; ++tap) taps_[m] |= place.has_tap(tap / 3, tap % 3, image) << tap;
    }
  }
  /// Offset of row m of this lane at a tap `offset` pixels later.
  __device__ int at(int m, int tap, int offset) const {
    return zeros_ + (taps_[m] >> tap & 1 ? (centre_ + row_[m] + offset) * Tile::stride : 0);
  }

 private:
  int zeros_, centre_;
  int row_[4], taps_[4];
};

using WarpSums = float[4][4][4];  // pieces of 16 pixels, of 8 channels, a lane's share of a piece

/// Adds the products of one tap.
template <typename Tile>
__device__ __forceinline__ void multiply_stage(WarpSums& sums, const unsigned* patch, const int (&rows)[4],
                                               const unsigned* weights) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
  for (int step = 0; step < Tile::Words / 8; ++step) {
    unsigned b[4][2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const uint4 words = *reinterpret_cast<const uint4*>(weights + ((step * 2 + half) * warp_size + lane) * 4);
      b[2 * half][0] = words.x;
      b[2 * half][1] = words.y;
      b[2 * half + 1][0] = words.z;
      b[2 * half + 1][1] = words.w;
    }
#pragma unroll
    for (int m = 0; m < 4; ++m) {
      unsigned a[4];
      load_matrices(a, patch + rows[m] + step * 8);
      Products<Tile::P>::add(sums[m], a, b);
    }
  }
}

template <typename Tile>
__device__ __forceinline__ void fetch_stage(unsigned* ring, const ConvArguments& a, int stage) {
  const int groups = static_cast<int>(gridDim.y) * Tile::WarpsN;
  const unsigned* from =
      a.arranged + (static_cast<std::int64_t>(stage) * groups + blockIdx.y * Tile::WarpsN) * Tile::group_words;
  unsigned* to = ring + stage % Tile::stages * Tile::stage_words;
#pragma unroll
  for (int word = static_cast<int>(threadIdx.x) * 4; word < Tile::stage_words; word += Tile::threads * 4) {
    copy_async(to + word, from + word);
  }
}

/// Sum over the eight rows of lanes that hold the same columns; all lanes get it.
__device__ __forceinline__ float column_sum(float value) {
#pragma unroll
  for (int offset = 4; offset < warp_size; offset *= 2) value += __shfl_xor_sync(all_lanes, value, offset);
  return value;
}

/// Mean and sum of squared deviations of the warp's `count` pixels, for each of its columns.
__device__ __forceinline__ void put_moments(const WarpSums& sums, int count, int column, int out, float* row) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size, g = lane / 4;
#pragma unroll
  for (int n = 0; n < 4; ++n) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      float sum = 0, squares = 0;
#pragma unroll
      for (int m = 0; m < 8; ++m) sum += m * 8 + g < count ? sums[m / 2][n][m % 2 * 2 + j] : 0.0f;
      const float mean = column_sum(sum) / static_cast<float>(count);
#pragma unroll
      for (int m = 0; m < 8; ++m) {
        const float deviation = m * 8 + g < count ? sums[m / 2][n][m % 2 * 2 + j] - mean : 0.0f;
        squares += deviation * deviation;
      }
      squares = column_sum(squares);
      const int o = column + n * 8 + j;
      if (g > 0 || o >= out) continue;
      row[o] = mean;
      row[out + o] = squares;
    }
  }
}

__device__ __forceinline__ void put_outputs(const WarpSums& sums, int first_pixel, int count, int column, int out,
                                            const ConvOutput& output) {
  const int g = static_cast<int>(threadIdx.x) % warp_size / 4;
#pragma unroll
  for (int n = 0; n < 4; ++n) {
    const int o = column + n * 8;
    if (o >= out) continue;
    const Pack<float, 2> bias = output.bias == nullptr ? Pack<float, 2>{} : load_pack<2>(output.bias + o);
#pragma unroll
    for (int m = 0; m < 8; ++m) {
      if (m * 8 + g >= count) continue;
      put_pack<2>(output.accumulate, output.y + static_cast<std::int64_t>(first_pixel + m * 8 + g) * out + o,
                  {sums[m / 2][n][m % 2 * 2] + bias.value[0], sums[m / 2][n][m % 2 * 2 + 1] + bias.value[1]});
    }
  }
}

template <typename Tile>
__device__ __forceinline__ void multiply_patches(WarpSums& sums, const ConvArguments& a, int first_pixel, int warp) {
  const int rows = Tile::rows(a.image.width), chunks = (a.in + Tile::channels - 1) / Tile::channels;
  unsigned* patch = dynamic_shared<unsigned>();
  unsigned* ring = patch + rows * Tile::stride;
  const unsigned* weights = ring + warp % Tile::WarpsN * Tile::group_words;
  const LaneRows<Tile> lane_rows(a.image, a.pixels, first_pixel, warp / Tile::WarpsN);
  if (threadIdx.x < Tile::stride) patch[threadIdx.x] = 0;
#pragma unroll
  for (int stage = 0; stage < Tile::stages - 1; ++stage) {
    fetch_stage<Tile>(ring, a, stage);
    end_copy_group();
  }
  for (int stage = 0, chunk = 0; chunk < chunks; ++chunk) {
    __syncthreads();  // everybody has read the last patch
    load_rows<Tile::P, Tile::Words, Tile::stride, Tile::threads>(
        patch + Tile::stride,
        {a.x, first_pixel - a.image.width - 1, rows - 1, 0, a.pixels, a.in, chunk * Tile::channels});
#pragma unroll 1
    for (int tap = 0; tap < 9; ++tap, ++stage) {
      wait_for_copies<Tile::stages - 2>();
      __syncthreads();  // this stage is there, and everybody has read the one that the next copy overwrites
      if (stage + Tile::stages - 1 < 9 * chunks) fetch_stage<Tile>(ring, a, stage + Tile::stages - 1);
      end_copy_group();
      const int offset = tap_offset(tap / 3, tap % 3, a.image);
      const int at[4] = {lane_rows.at(0, tap, offset), lane_rows.at(1, tap, offset), lane_rows.at(2, tap, offset),
                         lane_rows.at(3, tap, offset)};
      multiply_stage<Tile>(sums, patch, at, weights + stage % Tile::stages * Tile::stage_words);
    }
  }
}

template <typename Tile>
__global__ void __launch_bounds__(Tile::threads, 3) conv_tensor_kernel(ConvArguments a) {
  const int warp = static_cast<int>(threadIdx.x) / warp_size, lane = static_cast<int>(threadIdx.x) % warp_size;
  const int first_pixel = static_cast<int>(blockIdx.x) * Tile::pixels;
  WarpSums sums = {};
  multiply_patches<Tile>(sums, a, first_pixel, warp);
  const int warp_pixel = first_pixel + warp / Tile::WarpsN * warp_pixels;
  const int column = (static_cast<int>(blockIdx.y) * Tile::WarpsN + warp % Tile::WarpsN) * warp_columns + lane % 4 * 2;
  const int count = a.pixels - warp_pixel < warp_pixels ? a.pixels - warp_pixel : warp_pixels;
  if (count <= 0) return;
  put_outputs(sums, warp_pixel, count, column, a.out, a.output);
  if (a.output.moments == nullptr) return;
  put_moments(sums, count, column, a.out,
              a.output.moments + static_cast<std::int64_t>(warp_pixel / warp_pixels) * 2 * a.out);
}

/// One word of the weights: input channels from `i` on (one or two) of tap `tap`, output channel `o`.
template <ProductPrecision P>
__device__ unsigned weight_word(const float* weight, int tap, int i, int o, int in, int out, bool transposed) {
  const auto value = [=](int channel) {
    if (channel >= in || o >= out) return 0.0f;
    return transposed ? weight[(static_cast<std::int64_t>(channel) * out + o) * 9 + 8 - tap]
                      : weight[(static_cast<std::int64_t>(o) * in + channel) * 9 + tap];
  };
  if constexpr (P == ProductPrecision::bf16) {
    return to_bf16_pair(value(i), value(i + 1));
  } else {
    return one_word<P>(value(i));
  }
}

/// Word e of [chunk, tap, group of 32 columns, step of 8 words, half of the group, lane, 4].
template <ProductPrecision P>
__global__ void arrange_tensor_kernel(const float* weight, unsigned* to, int in, int out, int words, int groups,
                                      int count, bool transposed) {
  for (int e = static_cast<int>(thread_index()); e < count; e += static_cast<int>(thread_count())) {
    const int part = e % 4, lane = e / 4 % warp_size, half = e / 128 % 2, step = e / 256 % (words / 8);
    const int block = e / (warp_columns * words), group = block % groups, tap = block / groups % 9;
    const int chunk = block / groups / 9;
    const int word = chunk * words + step * 8 + lane % 4 + part % 2 * 4;
    const int column = group * warp_columns + (half * 2 + part / 2) * 8 + lane / 4;
    to[e] = weight_word<P>(weight, tap, word * channels_per_word<P>, column, in, out, transposed);
  }
}

int words_of_chunk(std::int64_t in, ProductPrecision precision) {
  return in <= (precision == ProductPrecision::bf16 ? 32 : 16) ? 16 : 32;
}

std::int64_t column_groups(const ConvShape& shape) {
  return ceil_div(shape.out, warp_columns);
}

std::int64_t channel_chunks(const ConvShape& shape, ProductPrecision precision) {
  return ceil_div(shape.in, words_of_chunk(shape.in, precision) * (precision == ProductPrecision::bf16 ? 2 : 1));
}

template <typename Tile>
void launch_tile(cudaStream_t stream, const ConvShape& shape, const ConvArguments& arguments) {
  const std::size_t shared = Tile::shared_bytes(static_cast<int>(shape.width));
  allow_shared(conv_tensor_kernel<Tile>, shared, "conv3x3");
  const Launch grid{dim3(static_cast<unsigned>(ceil_div(shape.pixels(), Tile::pixels)),
                         static_cast<unsigned>(column_groups(shape) / Tile::WarpsN)),
                    Tile::threads, shared};
  launch("conv3x3", conv_tensor_kernel<Tile>, grid, stream, arguments);
}

template <ProductPrecision P, int Words>
void launch_words(cudaStream_t stream, const ConvShape& shape, const ConvArguments& arguments) {
  if (column_groups(shape) % 2 == 0) {
    launch_tile<Tile<P, Words, 2, 2>>(stream, shape, arguments);
  } else {
    launch_tile<Tile<P, Words, 4, 1>>(stream, shape, arguments);
  }
}

template <ProductPrecision P>
void launch_precision(cudaStream_t stream, const ConvShape& shape, const ConvArguments& arguments) {
  if (words_of_chunk(shape.in, P) == 16) {
    launch_words<P, 16>(stream, shape, arguments);
  } else {
    launch_words<P, 32>(stream, shape, arguments);
  }
}

}  // namespace

bool fits_tensor_cores(const ConvShape& shape) {
  constexpr std::int64_t least_channels = 16, most_width = 256;  // the patch has to fit into 160 KiB
  return shape.in % 4 == 0 && shape.out % 4 == 0 && shape.in >= least_channels && shape.out >= least_channels &&
         shape.width <= most_width;
}

std::int64_t arranged_words_tensor(const ConvShape& shape, ProductPrecision precision) {
  return channel_chunks(shape, precision) * 9 * column_groups(shape) * warp_columns *
         words_of_chunk(shape.in, precision);
}

void arrange_weights_tensor(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision,
                            const float* weight, bool transposed, float* to) {
  const std::int64_t count = arranged_words_tensor(shape, precision);
  const auto kernel = precision == ProductPrecision::fp32   ? arrange_tensor_kernel<ProductPrecision::fp32>
                      : precision == ProductPrecision::tf32 ? arrange_tensor_kernel<ProductPrecision::tf32>
                                                            : arrange_tensor_kernel<ProductPrecision::bf16>;
  launch("arrange_weights", kernel, elementwise(count), stream, weight, reinterpret_cast<unsigned*>(to), shape.in,
         shape.out, words_of_chunk(shape.in, precision), column_groups(shape), count, transposed);
}

void conv3x3_tensor(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, const float* x,
                    const float* arranged, const ConvOutput& out) {
  const ConvArguments arguments{ImageSize(shape),
                                static_cast<int>(shape.pixels()),
                                static_cast<int>(shape.in),
                                static_cast<int>(shape.out),
                                x,
                                reinterpret_cast<const unsigned*>(arranged),
                                out};
  switch (precision) {
    case ProductPrecision::fp32:
      return launch_precision<ProductPrecision::fp32>(stream, shape, arguments);
    case ProductPrecision::tf32:
      return launch_precision<ProductPrecision::tf32>(stream, shape, arguments);
    case ProductPrecision::bf16:
      return launch_precision<ProductPrecision::bf16>(stream, shape, arguments);
  }
}

}  // namespace srwm::cuda
