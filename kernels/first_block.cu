// The first block of a convolutional network, y = ReLU(max over 2x2 of batch-norm(conv(x))), without storing the
// convolved images: the equations are in kernels/first_block.h.
//
// Blocks take tiles of an image that fit into shared memory with their border. Lanes are channels and warps take
// windows in turn, or (sums over patches) a block takes a slice of the pixels and a pair of input channels.
#include <algorithm>

#include "kernels/device.cuh"
#include "kernels/first_block.h"
#include "kernels/launch.h"
#include "kernels/pool.cuh"

namespace srwm::cuda {
namespace {

constexpr int block_warps = 8, block_threads = block_warps * warp_size;

// Sums over patches.

/// Products of the nine taps of one input channel with those of another, and the sums of the first nine.
constexpr int pair_sums = 81 + 9;

constexpr std::int64_t channel_pairs(std::int64_t in) {
  return in * (in + 1) / 2;
}
/// Number of the pair a <= b, as for (0, 0), (0, 1), (1, 1), (0, 2), ...
__host__ __device__ constexpr int pair_number(int a, int b) {
  return b * (b + 1) / 2 + a;
}

std::int64_t patch_slices(const FirstBlockShape& shape) {
  constexpr std::int64_t least_pixels = 4096, most_slices = 1024;
  return std::clamp<std::int64_t>(shape.pixels() / least_pixels, 1, most_slices);
}

/// The sizes in the type that index arithmetic is done in.
struct Images {
  int images, height, width, in, out;

  explicit Images(const FirstBlockShape& s)
      : images(static_cast<int>(s.images)),
        height(static_cast<int>(s.height)),
        width(static_cast<int>(s.width)),
        in(static_cast<int>(s.in)),
        out(static_cast<int>(s.out)) {}

  __device__ int pixels() const { return images * height * width; }
  __device__ int taps() const { return 9 * in; }
};

__device__ __forceinline__ void load_taps(const Images& s, const float* x, int pixel, int channel, float (&taps)[9]) {
  const int w = pixel % s.width, h = pixel / s.width % s.height;
#pragma unroll
  for (int t = 0; t < 9; ++t) {
    const int r = t / 3 - 1, c = t % 3 - 1;
    const bool inside = static_cast<unsigned>(h + r) < static_cast<unsigned>(s.height) &&
                        static_cast<unsigned>(w + c) < static_cast<unsigned>(s.width);
    taps[t] = inside ? x[(static_cast<std::int64_t>(pixel) + r * s.width + c) * s.in + channel] : 0.0f;
  }
}

/// Block (slice, pair). The sums of a warp are short and in float, sums of warps in double.
__global__ void __launch_bounds__(block_threads) patch_sums_kernel(Images s, const float* x, double* partial) {
  int b = 0;
  while (pair_number(0, b + 1) <= static_cast<int>(blockIdx.y)) ++b;
  const int a = static_cast<int>(blockIdx.y) - pair_number(0, b);
  const auto slice = static_cast<std::int64_t>(blockIdx.x), slices = static_cast<std::int64_t>(gridDim.x);
  const int begin = static_cast<int>(s.pixels() * slice / slices);
  const int end = static_cast<int>(s.pixels() * (slice + 1) / slices);
  float sums[pair_sums] = {};
  for (int pixel = begin + static_cast<int>(threadIdx.x); pixel < end; pixel += block_threads) {
    float of_a[9], of_b[9];
    load_taps(s, x, pixel, a, of_a);
    load_taps(s, x, pixel, b, of_b);
#pragma unroll
    for (int j = 0; j < 9; ++j) {
      sums[81 + j] += of_a[j];
#pragma unroll
      for (int k = 0; k < 9; ++k) sums[9 * j + k] += of_a[j] * of_b[k];
    }
  }
  __shared__ float of_warps[block_warps][pair_sums];
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int e = 0; e < pair_sums; ++e) {
    const float of_warp = warp_sum(sums[e]);
    if (thread % warp_size == 0) of_warps[thread / warp_size][e] = of_warp;
  }
  __syncthreads();
  if (thread >= pair_sums) return;
  double total = 0;
  for (const auto& warp : of_warps) total += static_cast<double>(warp[thread]);
  partial[(slice * gridDim.y + blockIdx.y) * pair_sums + thread] = total;
}

/// A warp per sum.
__global__ void add_patch_slices_kernel(const double* partial, int slices, int size, double* sums) {
  const int e = static_cast<int>(thread_index() / warp_size), lane = static_cast<int>(threadIdx.x) % warp_size;
  if (e >= size) return;
  double sum = 0;
  for (int slice = lane; slice < slices; slice += warp_size)
    sum += partial[static_cast<std::int64_t>(slice) * size + e];
  sum = warp_sum(sum);
  if (lane == 0) sums[e] = sum;
}

/// Mean and covariance of the patches, from their sums.
struct PatchMoments {
  const double* sums;
  double count;

  __device__ double mean(int tap) const {
    const int i = tap / 9;
    return sums[pair_number(i, i) * pair_sums + 81 + tap % 9] / count;
  }
  __device__ double covariance(int j, int k) const {
    const bool ordered = j / 9 <= k / 9;
    const int a = ordered ? j : k, b = ordered ? k : j;
    return sums[pair_number(a / 9, b / 9) * pair_sums + 9 * (a % 9) + b % 9] / count - mean(j) * mean(k);
  }
  /// Tap j of Cov(p) w.
  __device__ double covariance_times(const float* w, int taps, int j) const {
    double sum = 0;
    for (int k = 0; k < taps; ++k) sum += covariance(j, k) * static_cast<double>(w[k]);
    return sum;
  }
};

/// A warp per channel, a lane per tap.
__global__ void moments_kernel(Images s, const double* patch_sums, const float* weight, float* moments) {
  const int channel = static_cast<int>(blockIdx.x), tap = static_cast<int>(threadIdx.x);
  const double count = s.pixels();
  const PatchMoments patches{patch_sums, count};
  const float* w = weight + channel * s.taps();
  const bool used = tap < s.taps();
  const double mine = used ? static_cast<double>(w[tap]) : 0.0;
  const double mean = warp_sum(used ? mine * patches.mean(tap) : 0.0);
  const double var = warp_sum(used ? mine * patches.covariance_times(w, s.taps(), tap) : 0.0);
  if (tap > 0) return;
  moments[channel] = static_cast<float>(mean);
  moments[s.out + channel] = static_cast<float>(var > 0 ? var * count : 0.0);
}

// Passes over tiles: a few rows of windows of one image, in shared memory with a border of zeros.

struct Tiles {
  int window_rows, windows_across;  ///< of an image
  int rows;                         ///< of windows, in a tile
  int stride;                       ///< between rows of pixels in shared memory

  explicit Tiles(const FirstBlockShape& s)
      : window_rows(static_cast<int>(s.height / 2)), windows_across(static_cast<int>(s.width / 2)) {
    constexpr int windows = 64;  // a warp then has eight to work on between two barriers
    rows = std::clamp(windows / std::max(windows_across, 1), 1, std::max(window_rows, 1));
    // The four positions of a winner in its window lie in different banks.
    stride = static_cast<int>((s.width + 2) * s.in);
    while (stride % warp_size < 8 || stride % warp_size > 24) ++stride;
  }

  __host__ __device__ int per_image() const { return (window_rows + rows - 1) / rows; }
  std::size_t shared_bytes() const { return static_cast<std::size_t>(2 * rows + 2) * stride * sizeof(float); }
};

/// One tile, and the windows in it.
struct Tile {
  int image, first_row, windows;

  __device__ Tile(const Tiles& tiles, int number)
      : image(number / tiles.per_image()), first_row(number % tiles.per_image() * tiles.rows) {
    const int left = tiles.window_rows - first_row;
    windows = (left < tiles.rows ? left : tiles.rows) * tiles.windows_across;
  }
  /// Number of window v among all windows.
  __device__ std::int64_t window(const Tiles& tiles, int v) const {
    return (static_cast<std::int64_t>(image) * tiles.window_rows + first_row) * tiles.windows_across + v;
  }
  /// Where in shared memory the 4x4 pixels around window v begin.
  template <int In>
  __device__ int corner(const Tiles& tiles, int v) const {
    return v / tiles.windows_across * 2 * tiles.stride + v % tiles.windows_across * 2 * In;
  }
};

/// All threads of the block; a barrier before and after.
template <int In>
__device__ void load_tile(const Images& s, const Tiles& tiles, const Tile& tile, const float* x, float* shared) {
  __syncthreads();  // the last tile has been read
  const int size = (2 * tiles.rows + 2) * tiles.stride;
  for (int e = static_cast<int>(threadIdx.x); e < size; e += block_threads) {
    const int h = 2 * tile.first_row - 1 + e / tiles.stride, w = e % tiles.stride / In - 1;
    const bool inside = static_cast<unsigned>(h) < static_cast<unsigned>(s.height) &&
                        static_cast<unsigned>(w) < static_cast<unsigned>(s.width);
    const std::int64_t row = (static_cast<std::int64_t>(tile.image) * s.height + h) * s.width * In;
    shared[e] = inside ? x[row + e % tiles.stride - In] : 0.0f;
  }
  __syncthreads();
}

constexpr int lane_channels = 2;  ///< of a lane, 32 apart
constexpr int block_channels = lane_channels * warp_size;

__device__ __forceinline__ int channel_of_lane(int j) {
  return static_cast<int>(blockIdx.y) * block_channels + j * warp_size + static_cast<int>(threadIdx.x) % warp_size;
}

/// scale w . p + shift of one channel at the four pixels of a window.
template <int In>
struct ScaledChannel {
  float w[9 * In], shift;

  __device__ ScaledChannel(const float* weight, const Normalization& norm, int channel, bool used)
      : shift(used ? norm.shift[channel] : 0.0f) {
    const float scale = used ? norm.scale[channel] : 0.0f;
#pragma unroll
    for (int k = 0; k < 9 * In; ++k) w[k] = used ? scale * weight[channel * 9 * In + k] : 0.0f;
  }
  __device__ __forceinline__ Largest largest(const float (&around)[4][4 * In]) const {
    Largest result{};
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      float sum = shift;
#pragma unroll
      for (int t = 0; t < 9; ++t) {
#pragma unroll
        for (int i = 0; i < In; ++i) sum += w[9 * i + t] * around[k / 2 + t / 3][(k % 2 + t % 3) * In + i];
      }
      result.take(sum, k);
    }
    return result;
  }
};

/// Lanes are channels, warps take windows in turn.
template <int In>
__global__ void __launch_bounds__(block_threads)
    forward_kernel(Images s, Tiles tiles, const float* x, const float* weight, Normalization norm, float* y,
                   std::uint8_t* winner) {
  auto* shared = dynamic_shared<float>();
  const int first = channel_of_lane(0), second = channel_of_lane(1);
  const ScaledChannel<In> channels[lane_channels] = {{weight, norm, first, first < s.out},
                                                     {weight, norm, second, second < s.out}};
  for (int number = static_cast<int>(blockIdx.x); number < s.images * tiles.per_image();
       number += static_cast<int>(gridDim.x)) {
    const Tile tile(tiles, number);
    load_tile<In>(s, tiles, tile, x, shared);
    for (int v = static_cast<int>(threadIdx.x) / warp_size; v < tile.windows; v += block_warps) {
      const float* corner = shared + tile.template corner<In>(tiles, v);
      float around[4][4 * In];
#pragma unroll
      for (int e = 0; e < 16 * In; ++e)
        around[e / (4 * In)][e % (4 * In)] = corner[e / (4 * In) * tiles.stride + e % (4 * In)];
#pragma unroll
      for (int j = 0; j < lane_channels; ++j) {
        if (channel_of_lane(j) >= s.out) continue;
        const Largest largest = channels[j].largest(around);
        const std::int64_t at = tile.window(tiles, v) * s.out + channel_of_lane(j);
        y[at] = relu(largest.value);
        winner[at] = largest.index;
      }
    }
  }
}

/// Sum of one number per warp and channel of the block over the warps, in order; written by the first warp.
__device__ void put_over_warps(const float (&value)[lane_channels], int out, float* row) {
  __shared__ float values[block_warps][block_channels];
  __syncthreads();  // the last call's values have been read
#pragma unroll
  for (int j = 0; j < lane_channels; ++j) {
    values[threadIdx.x / warp_size][j * warp_size + threadIdx.x % warp_size] = value[j];
  }
  __syncthreads();
  if (threadIdx.x >= warp_size) return;
#pragma unroll
  for (int j = 0; j < lane_channels; ++j) {
    if (channel_of_lane(j) >= out) continue;
    float total = 0;
#pragma unroll
    for (int w = 0; w < block_warps; ++w) total += values[w][j * warp_size + threadIdx.x];
    row[channel_of_lane(j)] = total;
  }
}

template <int In>
__global__ void __launch_bounds__(block_threads)
    winner_sums_kernel(Images s, Tiles tiles, const float* x, Pooled pooled, float* partial) {
  auto* shared = dynamic_shared<float>();
  float sums[1 + 9 * In][lane_channels] = {};
  const auto all = static_cast<std::int64_t>(s.images) * tiles.per_image();
  const int begin = static_cast<int>(all * blockIdx.x / gridDim.x),
            end = static_cast<int>(all * (blockIdx.x + 1) / gridDim.x);
  for (int number = begin; number < end; ++number) {
    const Tile tile(tiles, number);
    load_tile<In>(s, tiles, tile, x, shared);
    for (int v = static_cast<int>(threadIdx.x) / warp_size; v < tile.windows; v += block_warps) {
#pragma unroll
      for (int j = 0; j < lane_channels; ++j) {
        if (channel_of_lane(j) >= s.out) continue;
        const std::int64_t at = tile.window(tiles, v) * s.out + channel_of_lane(j);
        const float g = through_relu(pooled.y[at], pooled.dL_dy[at]);
        const int won = pooled.winner[at];
        const float* patch = shared + tile.template corner<In>(tiles, v) + won / 2 * tiles.stride + won % 2 * In;
        sums[0][j] += g;
#pragma unroll
        for (int k = 0; k < 9 * In; ++k) sums[1 + k][j] += g * patch[k % 9 / 3 * tiles.stride + k % 3 * In + k / 9];
      }
    }
  }
  float* mine = partial + static_cast<std::int64_t>(blockIdx.x) * (1 + 9 * In) * s.out;
#pragma unroll
  for (int k = 0; k < 1 + 9 * In; ++k) put_over_warps(sums[k], s.out, mine + static_cast<std::int64_t>(k) * s.out);
}

/// A block per channel, a warp per row of sums.
__global__ void channel_sums_kernel(Images s, const float* partial, int slices, const float* weight, const float* mean,
                                    double* sums, float* channel_sums) {
  __shared__ double totals[1 + 9 * first_block_most_channels];
  const int c = static_cast<int>(blockIdx.x), rows = 1 + s.taps(), lane = static_cast<int>(threadIdx.x) % warp_size;
  for (int k = static_cast<int>(threadIdx.x) / warp_size; k < rows; k += block_warps) {
    double sum = 0;
    for (int slice = lane; slice < slices; slice += warp_size) {
      sum += static_cast<double>(partial[(static_cast<std::int64_t>(slice) * rows + k) * s.out + c]);
    }
    sum = warp_sum(sum);
    if (lane == 0) sums[k * s.out + c] = totals[k] = sum;
  }
  __syncthreads();
  if (threadIdx.x > 0) return;
  double with_convolved = 0;
  for (int k = 0; k < s.taps(); ++k) with_convolved += static_cast<double>(weight[c * s.taps() + k]) * totals[1 + k];
  channel_sums[c] = static_cast<float>(totals[0]);
  channel_sums[s.out + c] = static_cast<float>(with_convolved - totals[0] * static_cast<double>(mean[c]));
}

__global__ void weight_gradient_kernel(Images s, FirstBlockWeightGradient p) {
  const auto e = static_cast<int>(thread_index());
  if (e >= s.out * s.taps()) return;
  const int channel = e / s.taps(), tap = e % s.taps();
  const auto scale = static_cast<double>(p.k.scale[channel]);
  double gradient = scale * p.sums[(1 + tap) * s.out + channel];
  if (p.training) {
    const double count = s.pixels();
    const PatchMoments patches{p.patch_sums, count};
    const float* w = p.weight + channel * s.taps();
    gradient -= scale * p.sums[channel] * patches.mean(tap);
    gradient += static_cast<double>(p.k.slope[channel]) * count * patches.covariance_times(w, s.taps(), tap);
  }
  put(p.accumulate, p.dL_dweight[e], static_cast<float>(gradient));
}

/// The instance of a kernel for the number of channels.
template <typename... Params, typename... Args>
void launch_for(const char* what, void (*one)(Params...), void (*two)(Params...), void (*three)(Params...),
                const FirstBlockShape& shape, std::int64_t blocks, cudaStream_t stream, Args... args) {
  const Tiles tiles(shape);
  const auto kernel = shape.in == 1 ? one : shape.in == 2 ? two : three;
  allow_shared(kernel, tiles.shared_bytes(), what);
  launch(what, kernel,
         {dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(ceil_div(shape.out, block_channels))),
          block_threads, tiles.shared_bytes()},
         stream, Images(shape), tiles, args...);
}

}  // namespace

std::int64_t patch_sum_doubles(const FirstBlockShape& shape) {
  return channel_pairs(shape.in) * pair_sums;
}

std::int64_t patch_partial_doubles(const FirstBlockShape& shape) {
  return patch_slices(shape) * patch_sum_doubles(shape);
}

void patch_sums(cudaStream_t stream, const FirstBlockShape& shape, const float* x, double* partial, double* sums) {
  const std::int64_t slices = patch_slices(shape), size = patch_sum_doubles(shape);
  const dim3 grid(static_cast<unsigned>(slices), static_cast<unsigned>(channel_pairs(shape.in)));
  launch("patch_sums", patch_sums_kernel, {grid, block_threads}, stream, Images(shape), x, partial);
  launch("patch_sums", add_patch_slices_kernel,
         {static_cast<unsigned>(ceil_div(size * warp_size, block_threads)), block_threads}, stream, partial, slices,
         size, sums);
}

void first_block_moments(cudaStream_t stream, const FirstBlockShape& shape, const double* patch_sums,
                         const float* weight, float* moments) {
  launch("first_block_moments", moments_kernel, {static_cast<unsigned>(shape.out), warp_size}, stream, Images(shape),
         patch_sums, weight, moments);
}

void first_block_forward(cudaStream_t stream, const FirstBlockShape& shape, const float* x, const float* weight,
                         const Normalization& norm, float* y, std::uint8_t* winner) {
  constexpr std::int64_t most_blocks = 132 * 4;
  const std::int64_t blocks = std::clamp<std::int64_t>(shape.images * Tiles(shape).per_image(), 1, most_blocks);
  launch_for("first_block_forward", forward_kernel<1>, forward_kernel<2>, forward_kernel<3>, shape, blocks, stream, x,
             weight, norm, y, winner);
}

std::int64_t first_block_slices(const FirstBlockShape& shape) {
  constexpr std::int64_t most_slices = 132 * 2;
  return std::clamp<std::int64_t>(shape.images * Tiles(shape).per_image(), 1, most_slices);
}

void first_block_winner_sums(cudaStream_t stream, const FirstBlockShape& shape, const float* x, const Pooled& pooled,
                             float* partial) {
  launch_for("first_block_winner_sums", winner_sums_kernel<1>, winner_sums_kernel<2>, winner_sums_kernel<3>, shape,
             first_block_slices(shape), stream, x, pooled, partial);
}

void first_block_channel_sums(cudaStream_t stream, const FirstBlockShape& shape, const float* partial,
                              const float* weight, const float* mean, double* sums, float* channel_sums) {
  launch("first_block_channel_sums", channel_sums_kernel, {static_cast<unsigned>(shape.out), block_threads}, stream,
         Images(shape), partial, first_block_slices(shape), weight, mean, sums, channel_sums);
}

void first_block_weight_gradient(cudaStream_t stream, const FirstBlockShape& shape, const FirstBlockWeightGradient& p) {
  const Launch blocks{static_cast<unsigned>(ceil_div(shape.out * shape.taps(), 64)), 64};
  launch("first_block_weight_gradient", weight_gradient_kernel, blocks, stream, Images(shape), p);
}

}  // namespace srwm::cuda
