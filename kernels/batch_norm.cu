// Batch normalization y = (x - mean) inv_std gamma + beta per channel c of x [pixels, C], and its gradient
// dL/dx = scale (dL/dy - mean(dL/dy) - xhat mean(dL/dy xhat)) with scale = gamma inv_std, xhat = (x - mean) inv_std.
//
// Sums over pixels: a block per slice of norm_slice_pixels and group of channels, then a block per channel merges the
// slices in double. Passes over the data: a thread per four channels of a pixel, or per one where C is no multiple of
// four.
#include "kernels/batch_norm.h"
#include "kernels/channel_sums.cuh"
#include "kernels/channels_last.cuh"

namespace srwm::cuda {
namespace {

/// Two passes over the slice, the second of which finds it in the cache: no digits cancel.
__global__ void moments_kernel(const float* x, std::int64_t pixels, std::int64_t channels, float* partial) {
  const ChannelSlice slice(pixels, norm_slice_pixels);
  const bool used = slice.channel < channels;
  float sum = 0, squares = 0;
  for (std::int64_t p = slice.first; used && p < slice.end; p += channel_teams) sum += x[p * channels + slice.channel];
  const float mean = team_sum(sum) / static_cast<float>(slice.end - slice.begin);
  for (std::int64_t p = slice.first; used && p < slice.end; p += channel_teams) {
    const float deviation = x[p * channels + slice.channel] - mean;
    squares += deviation * deviation;
  }
  put_sums(partial, slice.channel, channels, mean, team_sum(squares));
}

__global__ void gradient_sums_kernel(const float* dL_dy, const float* x, const float* mean, std::int64_t pixels,
                                     std::int64_t channels, float* partial) {
  const ChannelSlice slice(pixels, norm_slice_pixels);
  const bool used = slice.channel < channels;
  const float m = used ? mean[slice.channel] : 0.0f;
  float sum = 0, products = 0;
  for (std::int64_t p = slice.first; used && p < slice.end; p += channel_teams) {
    const std::int64_t at = p * channels + slice.channel;
    sum += dL_dy[at];
    products += dL_dy[at] * (x[at] - m);
  }
  sum = team_sum(sum);
  products = team_sum(products);
  put_sums(partial, slice.channel, channels, sum, products);
}

constexpr int merge_warps = 8;  // a block per channel merges its slices

Launch block_per_channel(std::int64_t channels) {
  return {static_cast<unsigned>(channels), merge_warps * warp_size};
}

struct Moments {
  double mean, m2;
};

/// Of a channel, from those of its slices: M2 is the sum of theirs and of count (mean of slice - mean)^2.
__device__ Moments merge_slices(const ChannelMoments& moments, std::int64_t pixels, std::int64_t channels,
                                std::int64_t channel) {
  const auto sum_over_slices = [&](const auto& term) {
    double sum = 0;
    for (std::int64_t slice = threadIdx.x; slice * moments.slice_pixels < pixels; slice += merge_warps * warp_size) {
      const std::int64_t left = pixels - slice * moments.slice_pixels;
      const float* row = moments.partial + 2 * slice * channels + channel;
      sum += term(static_cast<double>(left < moments.slice_pixels ? left : moments.slice_pixels), row);
    }
    return block_sum<merge_warps>(sum);
  };
  const double mean =
      sum_over_slices([](double count, const float* row) { return count * row[0]; }) / static_cast<double>(pixels);
  const double m2 = sum_over_slices([=](double count, const float* row) {
    const double delta = row[0] - mean;
    return row[channels] + count * delta * delta;
  });
  return {mean, m2};
}

__device__ void put_normalization(const NormOptions& options, double mean, double var, std::int64_t channel,
                                  const Normalization& out) {
  const double inv_std = 1 / sqrt(var + options.eps), scale = options.gamma[channel] * inv_std;
  out.mean[channel] = static_cast<float>(mean);
  out.inv_std[channel] = static_cast<float>(inv_std);
  out.scale[channel] = static_cast<float>(scale);
  out.shift[channel] = static_cast<float>(options.beta[channel] - mean * scale);
}

__device__ double bias_of(const NormOptions& options, std::int64_t channel) {
  return options.bias == nullptr ? 0.0 : static_cast<double>(options.bias[channel]);
}

__global__ void normalize_by_batch_kernel(NormOptions options, ChannelMoments moments, std::int64_t pixels,
                                          std::int64_t channels, Normalization out) {
  const std::int64_t channel = blockIdx.x;
  const Moments batch = merge_slices(moments, pixels, channels, channel);
  if (threadIdx.x > 0) return;
  const double count = static_cast<double>(pixels), m = options.momentum, keep = 1 - m;
  put_normalization(options, batch.mean, batch.m2 / count, channel, out);
  float &mean = options.running_mean[channel], &var = options.running_var[channel];
  mean = static_cast<float>(keep * mean + m * (batch.mean + bias_of(options, channel)));
  var = static_cast<float>(keep * var + m * batch.m2 / (count - 1));
}

__global__ void normalize_by_running_kernel(NormOptions options, std::int64_t channels, Normalization out) {
  const std::int64_t channel = thread_index();
  if (channel >= channels) return;
  put_normalization(options, options.running_mean[channel] - bias_of(options, channel),
                    static_cast<double>(options.running_var[channel]), channel, out);
}

template <int N>
__global__ void scale_and_shift_kernel(const float* x, Normalization norm, float* y, int pixels, int channels) {
  for_each_pack<N>(pixels, channels, [=](int p, int c) {
    const std::int64_t at = static_cast<std::int64_t>(p) * channels + c;
    Pack<float, N> pack = load_pack<N>(x + at);
#pragma unroll
    for (int j = 0; j < N; ++j) pack.value[j] = norm.scale[c + j] * pack.value[j] + norm.shift[c + j];
    store_pack(y + at, pack);
  });
}

/// Sum over slices of one of the two rows; every thread of the block gets it.
__device__ double add_slices(const float* partial, std::int64_t slices, std::int64_t stride) {
  double sum = 0;
  for (std::int64_t slice = threadIdx.x; slice < slices; slice += merge_warps * warp_size) {
    sum += static_cast<double>(partial[slice * stride]);
  }
  return block_sum<merge_warps>(sum);
}

__device__ void put_if_wanted(float* gradient, std::int64_t channel, bool accumulate, double value) {
  if (gradient != nullptr) put(accumulate, gradient[channel], static_cast<float>(value));
}

/// With xhat = (x - mean) inv_std: dL/dx = scale (dL/dy - mean(dL/dy) - xhat mean(dL/dy xhat)).
__global__ void norm_gradient_kernel(NormGradientSums p, NormGradient out, NormParameterGradients parameters) {
  const std::int64_t slices = (p.summed + norm_slice_pixels - 1) / norm_slice_pixels;
  const std::int64_t c = blockIdx.x;
  const double sum_dy = add_slices(p.partial + c, slices, 2 * p.channels);
  const double sum_dy_x = add_slices(p.partial + p.channels + c, slices, 2 * p.channels);
  if (threadIdx.x > 0) return;
  const double inverse = static_cast<double>(p.inv_std[c]), scale = p.gamma[c] * inverse;
  const double batch = p.training ? 1 / static_cast<double>(p.values) : 0;
  const double slope = -scale * inverse * inverse * batch * sum_dy_x;
  out.scale[c] = static_cast<float>(scale);
  out.slope[c] = static_cast<float>(slope);
  out.offset[c] = static_cast<float>(-scale * batch * sum_dy - slope * p.mean[c]);
  put_if_wanted(parameters.dL_dbeta, c, parameters.add_beta, sum_dy);
  put_if_wanted(parameters.dL_dgamma, c, parameters.add_gamma, sum_dy_x * inverse);
  put_if_wanted(parameters.dL_dbias, c, parameters.add_bias, p.training ? 0 : sum_dy * scale);
}

template <int N>
__global__ void apply_norm_gradient_kernel(NormInputGradient g, int pixels, int channels) {
  for_each_pack<N>(pixels, channels, [=](int p, int c) {
    const std::int64_t at = static_cast<std::int64_t>(p) * channels + c;
    const auto dy = load_pack<N>(g.dL_dy + at), from = load_pack<N>(g.x + at);
    Pack<float, N> gradient;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      gradient.value[j] = g.k.scale[c + j] * dy.value[j] + g.k.slope[c + j] * from.value[j] + g.k.offset[c + j];
    }
    put_pack(g.accumulate, g.dL_dx + at, gradient);
  });
}

}  // namespace

std::int64_t channel_sum_floats(std::int64_t pixels, std::int64_t channels) {
  return ChannelMoments::floats(pixels, norm_slice_pixels, channels);
}

void channel_moments(cudaStream_t stream, const float* x, std::int64_t pixels, std::int64_t channels, float* partial) {
  launch("channel_moments", moments_kernel, channel_slices(pixels, norm_slice_pixels, channels), stream, x, pixels,
         channels, partial);
}

void normalize_by_batch(cudaStream_t stream, const NormOptions& options, const ChannelMoments& moments,
                        std::int64_t pixels, std::int64_t channels, const Normalization& out) {
  launch("normalize_by_batch", normalize_by_batch_kernel, block_per_channel(channels), stream, options, moments, pixels,
         channels, out);
}

void normalize_by_running(cudaStream_t stream, const NormOptions& options, std::int64_t channels,
                          const Normalization& out) {
  launch("normalize_by_running", normalize_by_running_kernel, elementwise(channels), stream, options, channels, out);
}

void scale_and_shift(cudaStream_t stream, const float* x, const Normalization& norm, float* y, std::int64_t pixels,
                     std::int64_t channels) {
  launch_over_pixels("scale_and_shift", scale_and_shift_kernel<4>, scale_and_shift_kernel<1>, stream, pixels, channels,
                     x, norm, y, pixels, channels);
}

void norm_gradient_sums(cudaStream_t stream, const float* dL_dy, const float* x, const float* mean, float* partial,
                        std::int64_t pixels, std::int64_t channels) {
  launch("norm_gradient_sums", gradient_sums_kernel, channel_slices(pixels, norm_slice_pixels, channels), stream, dL_dy,
         x, mean, pixels, channels, partial);
}

void norm_gradient(cudaStream_t stream, const NormGradientSums& p, const NormGradient& out,
                   const NormParameterGradients& parameters) {
  launch("norm_gradient", norm_gradient_kernel, block_per_channel(p.channels), stream, p, out, parameters);
}

void apply_norm_gradient(cudaStream_t stream, const NormInputGradient& p) {
  launch_over_pixels("apply_norm_gradient", apply_norm_gradient_kernel<4>, apply_norm_gradient_kernel<1>, stream,
                     p.pixels, p.channels, p, p.pixels, p.channels);
}

}  // namespace srwm::cuda
