// 2x2 max-pool, channels last, alone or of relu(scale x + shift) after a batch-norm, and the gradients through it.
//
// A thread per four channels of a window (forward) or of an image element (backward), or per one where the channels are
// no multiple of four. Sums for batch-norm's gradient: a block per slice of windows and group of channels.
#include "kernels/channel_sums.cuh"
#include "kernels/channels_last.cuh"
#include "kernels/pool.cuh"
#include "kernels/pool.h"

namespace srwm::cuda {
namespace {

/// Sizes of the images in the type that index arithmetic is done in.
struct Windows {
  int images, height, width, channels;

  explicit Windows(const PoolShape& s)
      : images(static_cast<int>(s.images)),
        height(static_cast<int>(s.height)),
        width(static_cast<int>(s.width)),
        channels(static_cast<int>(s.channels)) {}

  __device__ int count() const { return images * (height / 2) * (width / 2); }
  /// Of windows with those at the border that an odd size cuts off.
  __device__ int count_with_rest() const { return images * ((height + 1) / 2) * ((width + 1) / 2); }
};

/// Where element k = 2 r + s of a window lies in x.
__device__ __forceinline__ std::int64_t element_of(const Windows& s, int image, int h, int w, int k, int channel) {
  const std::int64_t pixel = (static_cast<std::int64_t>(image) * s.height + 2 * h + k / 2) * s.width + 2 * w + k % 2;
  return pixel * s.channels + channel;
}

/// For both pools: the largest over a window of transform(x, channel), then y = finish(largest).
template <int N, typename Transform, typename Finish>
__device__ void pool(const Windows& s, const float* x, float* y, std::uint8_t* winner, const Transform& transform,
                     const Finish& finish) {
  const int height = s.height / 2, width = s.width / 2;
  for_each_pack<N>(s.count(), s.channels, [&](int window, int c) {
    const int w = window % width, h = window / width % height, image = window / width / height;
    Largest largest[N] = {};
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const Pack<float, N> pack = load_pack<N>(x + element_of(s, image, h, w, k, c));
#pragma unroll
      for (int j = 0; j < N; ++j) largest[j].take(transform(pack.value[j], c + j), k);
    }
    Pack<float, N> value;
    Pack<std::uint8_t, N> index;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      value.value[j] = finish(largest[j].value);
      index.value[j] = largest[j].index;
    }
    const std::int64_t at = static_cast<std::int64_t>(window) * s.channels + c;
    store_pack(y + at, value);
    store_pack(winner + at, index);
  });
}

template <int N>
__global__ void max_pool_kernel(Windows shape, const float* x, float* y, std::uint8_t* winner) {
  pool<N>(
      shape, x, y, winner, [](float v, int) { return v; }, [](float v) { return v; });
}

template <int N>
__global__ void norm_pool_relu_kernel(Windows shape, const float* x, const float* scale, const float* shift, float* y,
                                      std::uint8_t* winner) {
  pool<N>(
      shape, x, y, winner, [=](float v, int c) { return scale[c] * v + shift[c]; }, [](float v) { return relu(v); });
}

/// Calls visit(element, pooled, k) for all elements of x: `pooled` is where its window's channels lie in the pooled
/// images, -1 if it belongs to none, k its number in the window.
template <int N, typename Visit>
__device__ void for_each_element(const Windows& s, const Visit& visit) {
  const int height = (s.height + 1) / 2, width = (s.width + 1) / 2;
  for_each_pack<N>(s.count_with_rest(), s.channels, [&](int window, int c) {
    const int w = window % width, h = window / width % height, image = window / width / height;
    const bool whole = h < s.height / 2 && w < s.width / 2;
    const std::int64_t pooled =
        whole ? ((static_cast<std::int64_t>(image) * (s.height / 2) + h) * (s.width / 2) + w) * s.channels + c : -1;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (whole || (2 * h + k / 2 < s.height && 2 * w + k % 2 < s.width)) {
        visit(element_of(s, image, h, w, k, c), pooled, k);
      }
    }
  });
}

template <int N>
__global__ void max_pool_backward_kernel(Windows shape, const float* dL_dy, const std::uint8_t* winner, float* dL_dx,
                                         bool accumulate) {
  for_each_element<N>(shape, [=](std::int64_t element, std::int64_t pooled, int k) {
    Pack<float, N> gradient = {};
    if (pooled >= 0) {
      const auto dy = load_pack<N>(dL_dy + pooled);
      const auto won = load_pack<N>(winner + pooled);
#pragma unroll
      for (int j = 0; j < N; ++j) gradient.value[j] = won.value[j] == k ? dy.value[j] : 0.0f;
    }
    put_pack(accumulate, dL_dx + element, gradient);
  });
}

template <int N>
__global__ void norm_pool_relu_gradient_kernel(Windows shape, Pooled pooled, const float* x, NormGradient k,
                                               float* dL_dx) {
  for_each_element<N>(shape, [=](std::int64_t element, std::int64_t at, int number) {
    const auto from = load_pack<N>(x + element);
    const int c = static_cast<int>(element % shape.channels);
    Pack<float, N> g = {};
    if (at >= 0) {
      const auto dy = load_pack<N>(pooled.dL_dy + at), y = load_pack<N>(pooled.y + at);
      const auto won = load_pack<N>(pooled.winner + at);
#pragma unroll
      for (int j = 0; j < N; ++j) {
        g.value[j] = won.value[j] == number ? through_relu(y.value[j], dy.value[j]) : 0.0f;
      }
    }
#pragma unroll
    for (int j = 0; j < N; ++j) {
      g.value[j] = k.scale[c + j] * g.value[j] + k.slope[c + j] * from.value[j] + k.offset[c + j];
    }
    store_pack(dL_dx + element, g);
  });
}

__global__ void norm_pool_relu_sums_kernel(Windows shape, Pooled pooled, const float* x, const float* mean,
                                           float* partial) {
  const ChannelSlice slice(shape.count(), norm_slice_pixels);
  const int height = shape.height / 2, width = shape.width / 2, c = static_cast<int>(slice.channel);
  const bool used = c < shape.channels;
  const float m = used ? mean[c] : 0.0f;
  float sum = 0, products = 0;
  for (int window = static_cast<int>(slice.first); used && window < slice.end; window += channel_teams) {
    const int w = window % width, h = window / width % height, image = window / width / height;
    const std::int64_t at = static_cast<std::int64_t>(window) * shape.channels + c;
    const float g = through_relu(pooled.y[at], pooled.dL_dy[at]);
    sum += g;
    products += g * (x[element_of(shape, image, h, w, pooled.winner[at], c)] - m);
  }
  sum = team_sum(sum);
  products = team_sum(products);
  put_sums(partial, slice.channel, shape.channels, sum, products);
}

std::int64_t windows_with_rest(const PoolShape& s) {
  return s.images * ((s.height + 1) / 2) * ((s.width + 1) / 2);
}

}  // namespace

void max_pool(cudaStream_t stream, const PoolShape& shape, const float* x, float* y, std::uint8_t* winner) {
  launch_over_pixels("max_pool", max_pool_kernel<4>, max_pool_kernel<1>, stream, shape.windows(), shape.channels,
                     Windows(shape), x, y, winner);
}

void max_pool_backward(cudaStream_t stream, const PoolShape& shape, const float* dL_dy, const std::uint8_t* winner,
                       float* dL_dx, bool accumulate) {
  launch_over_pixels("max_pool_backward", max_pool_backward_kernel<4>, max_pool_backward_kernel<1>, stream,
                     windows_with_rest(shape), shape.channels, Windows(shape), dL_dy, winner, dL_dx, accumulate);
}

void norm_pool_relu(cudaStream_t stream, const PoolShape& shape, const float* x, const Normalization& norm, float* y,
                    std::uint8_t* winner) {
  launch_over_pixels("norm_pool_relu", norm_pool_relu_kernel<4>, norm_pool_relu_kernel<1>, stream, shape.windows(),
                     shape.channels, Windows(shape), x, norm.scale, norm.shift, y, winner);
}

void norm_pool_relu_sums(cudaStream_t stream, const PoolShape& shape, const Pooled& pooled, const float* x,
                         const float* mean, float* partial) {
  launch("norm_pool_relu_sums", norm_pool_relu_sums_kernel,
         channel_slices(shape.windows(), norm_slice_pixels, shape.channels), stream, Windows(shape), pooled, x, mean,
         partial);
}

void norm_pool_relu_gradient(cudaStream_t stream, const PoolShape& shape, const Pooled& pooled, const float* x,
                             const NormGradient& k, float* dL_dx) {
  launch_over_pixels("norm_pool_relu_gradient", norm_pool_relu_gradient_kernel<4>, norm_pool_relu_gradient_kernel<1>,
                     stream, windows_with_rest(shape), shape.channels, Windows(shape), pooled, x, k, dL_dx);
}

}  // namespace srwm::cuda
