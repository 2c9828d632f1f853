#include "ops/cpu/normalization.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "ops/cpu/channel_kernels.h"
#include "ops/cpu/scratch.h"

namespace srwm::cpu {

void ChannelMoments::merge(const ChannelMoments& other) {
  const double all = count + other.count, delta = other.mean - mean;
  m2 += other.m2 + delta * delta * count * other.count / all;
  mean += delta * other.count / all;
  count = all;
}

ChannelMoments ChannelMoments::of_shifted_sums(double shift, double sum, double squares, double count) {
  return {shift + sum / count, squares - sum * sum / count, count};
}

void channel_moments(Context& context, const float* x, std::int64_t pixels, std::int64_t channels,
                     ChannelMoments* moments) {
  constexpr std::int64_t slice_pixels = 512;
  const ScratchScope scope(context);
  const std::int64_t slices = (pixels + slice_pixels - 1) / slice_pixels;
  float* sums = context.empty({slices, 3, channels}, DType::f32).data<float>();
  const auto length = [&](std::int64_t slice) { return std::min(slice_pixels, pixels - slice * slice_pixels); };
  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    channel_kernels().shifted_sums(sums + slice * 3 * channels, x + slice * slice_pixels * channels, length(slice),
                                   channels);
  });
  std::fill(moments, moments + channels, ChannelMoments{});
  for (std::int64_t slice = 0; slice < slices; ++slice) {
    const float* row = sums + slice * 3 * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      moments[c].merge(ChannelMoments::of_shifted_sums(row[c], row[channels + c], row[2 * channels + c],
                                                       static_cast<double>(length(slice))));
    }
  }
}

Normalization::Normalization(Context& context, const BatchNormState& state, const ChannelMoments* moments,
                             const float* gamma, const float* beta, const float* bias) {
  const std::int64_t channels = state.running_mean.dim(0);
  for (Tensor* tensor : {&mean, &inv_std, &scale, &shift}) *tensor = context.empty({channels}, DType::f32);
  for (std::int64_t c = 0; c < channels; ++c) {
    const double left_out = bias == nullptr ? 0 : static_cast<double>(bias[c]);
    const double m = state.training ? moments[c].mean : state.running_mean.data<float>()[c] - left_out;
    const double var =
        state.training ? moments[c].m2 / moments[c].count : static_cast<double>(state.running_var.data<float>()[c]);
    const double inverse = 1 / std::sqrt(var + state.eps);
    mean.data<float>()[c] = static_cast<float>(m);
    inv_std.data<float>()[c] = static_cast<float>(inverse);
    scale.data<float>()[c] = static_cast<float>(gamma[c] * inverse);
    shift.data<float>()[c] = static_cast<float>(beta[c] - m * gamma[c] * inverse);
  }
}

void update_running(const BatchNormState& state, const ChannelMoments* moments, const float* bias) {
  float* mean = state.running_mean.data<float>();
  float* var = state.running_var.data<float>();
  const double m = state.momentum;
  for (std::int64_t c = 0; c < state.running_mean.dim(0); ++c) {
    const double batch_mean = moments[c].mean + (bias == nullptr ? 0 : static_cast<double>(bias[c]));
    const double unbiased_var = moments[c].m2 / (moments[c].count - 1);
    mean[c] = static_cast<float>((1 - m) * mean[c] + m * batch_mean);
    var[c] = static_cast<float>((1 - m) * var[c] + m * unbiased_var);
  }
}

/// With xhat = (x - mean) inv_std: dL/dx = scale (dL/dy - mean(dL/dy) - xhat mean(dL/dy xhat)).
NormBackward::NormBackward(Context& context, bool training, const Tensor& mean, const Tensor& inv_std,
                           const Tensor& gamma, const double* sums, std::int64_t count, const Grad& dgamma,
                           const Grad& dbeta) {
  const std::int64_t channels = mean.dim(0);
  for (Tensor* tensor : {&scale, &slope, &offset}) *tensor = context.empty({channels}, DType::f32);
  const double batch = training ? 1.0 / static_cast<double>(count) : 0.0;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double inverse = inv_std.data<float>()[c];
    const double sum_dy = sums[c], sum_dy_xhat = sums[channels + c] * inverse;
    put(dbeta, c, sum_dy);
    put(dgamma, c, sum_dy_xhat);
    const double factor = gamma.data<float>()[c] * inverse;
    const double per_x = -factor * inverse * batch * sum_dy_xhat;
    scale.data<float>()[c] = static_cast<float>(factor);
    slope.data<float>()[c] = static_cast<float>(per_x);
    offset.data<float>()[c] = static_cast<float>(-factor * batch * sum_dy - per_x * mean.data<float>()[c]);
  }
}

void put_bias_gradient(const Grad& dbias, bool training, const double* sums, const Tensor& scale) {
  for (std::int64_t c = 0; c < scale.dim(0); ++c) {
    put(dbias, c, training ? 0.0 : sums[c] * static_cast<double>(scale.data<float>()[c]));
  }
}

void add_up(const float* rows, std::int64_t parts, std::int64_t n, double* total) {
  std::fill(total, total + n, 0.0);
  for (std::int64_t part = 0; part < parts; ++part) {
    for (std::int64_t i = 0; i < n; ++i) total[i] += rows[part * n + i];
  }
}

void put(const Grad& gradient, std::int64_t at, double value) {
  if (!gradient.wanted()) return;
  float& element = gradient.value.data<float>()[at];
  element = static_cast<float>(gradient.mode == GradMode::accumulate ? element + value : value);
}

}  // namespace srwm::cpu
