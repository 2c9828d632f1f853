#include "ops/batch_norm.h"

#include "core/parallel.h"
#include "ops/cpu/channel_kernels.h"
#include "ops/cpu/normalization.h"
#include "ops/cpu/scratch.h"

namespace srwm::cpu {
namespace {

constexpr std::int64_t pixels_per_slice = 512;

void forward(Context& context, const Forward<BatchNorm>& f) {
  const std::int64_t channels = f.out[0].dim(3), pixels = f.out[0].numel() / channels;
  const float* x = f.in[BatchNorm::x].data<float>();
  const float* residual = f.in[BatchNorm::residual].data<float>();
  float* y = f.out[0].data<float>();
  auto* moments =
      static_cast<ChannelMoments*>(context.host_scratch(static_cast<std::size_t>(channels) * sizeof(ChannelMoments)));
  if (f.op.state.training) {
    channel_moments(context, x, pixels, channels, moments);
    update_running(f.op.state, moments);
  }
  const Normalization norm(context, f.op.state, moments, f.in[BatchNorm::gamma].data<float>(),
                           f.in[BatchNorm::beta].data<float>());
  f.saved.mean = norm.mean;
  f.saved.inv_std = norm.inv_std;
  parallel_ranges(context.threads(), pixels, pixels_per_slice, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t at = begin * channels;
    channel_kernels().affine(y + at, x + at, norm.scale.data<float>(), norm.shift.data<float>(),
                             residual != nullptr ? residual + at : nullptr, static_cast<float>(f.op.slope), end - begin,
                             channels);
  });
}

/// The gradient that arrives, from element `at` on.
struct Arriving {
  explicit Arriving(const Backward<BatchNorm>& b)
      : dy(b.dL_dout[0].data<float>()),
        y(b.op.slope == 1 ? nullptr : b.out[0].data<float>()),
        slope(static_cast<float>(b.op.slope)) {}
  LeakyReluOf activation(std::int64_t at) const { return {y != nullptr ? y + at : nullptr, slope}; }

  const float *dy, *y;
  float slope;
};

/// Sum of dL/dz and of dL/dz (x - mean) per channel.
double* gradient_sums(Context& context, const Arriving& arriving, const float* x, const float* mean,
                      std::int64_t pixels, std::int64_t channels) {
  const std::int64_t slices = (pixels + pixels_per_slice - 1) / pixels_per_slice;
  double* total = context.empty({2, channels}, DType::f64).data<double>();
  float* sums = context.empty({slices, 2, channels}, DType::f32).data<float>();
  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    const std::int64_t begin = slice * pixels_per_slice, count = std::min(pixels_per_slice, pixels - begin);
    const std::int64_t at = begin * channels;
    channel_kernels().gradient_sums(sums + slice * 2 * channels, arriving.dy + at, arriving.activation(at), x + at,
                                    mean, count, channels);
  });
  add_up(sums, slices, 2 * channels, total);
  return total;
}

/// dL/dresidual = dL/dz
void residual_gradient(Context& context, const Arriving& arriving, const Grad& grad, std::int64_t pixels,
                       std::int64_t channels) {
  if (!grad.wanted()) return;
  float* to = grad.value.data<float>();
  parallel_ranges(context.threads(), pixels, pixels_per_slice, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t at = begin * channels;
    channel_kernels().activation_gradient(to + at, arriving.dy + at, arriving.activation(at), end - begin, channels,
                                          grad.mode == GradMode::accumulate);
  });
}

void backward(Context& context, const Backward<BatchNorm>& b) {
  const ScratchScope scope(context);
  const std::int64_t channels = b.out[0].dim(3), pixels = b.out[0].numel() / channels;
  const float* x = b.in[BatchNorm::x].data<float>();
  const Arriving arriving(b);
  const double* sums = gradient_sums(context, arriving, x, b.saved.mean.data<float>(), pixels, channels);
  const NormBackward norm(context, b.op.state.training, b.saved.mean, b.saved.inv_std, b.in[BatchNorm::gamma], sums,
                          pixels, b.dL_din[BatchNorm::gamma], b.dL_din[BatchNorm::beta]);
  residual_gradient(context, arriving, b.dL_din[BatchNorm::residual], pixels, channels);
  const Grad& dx = b.dL_din[BatchNorm::x];
  if (!dx.wanted()) return;
  const NormGradient k = {norm.scale.data<float>(), norm.slope.data<float>(), norm.offset.data<float>()};
  parallel_ranges(context.threads(), pixels, pixels_per_slice, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t at = begin * channels;
    channel_kernels().norm_gradient(dx.value.data<float>() + at, arriving.dy + at, arriving.activation(at), x + at, k,
                                    end - begin, channels, dx.mode == GradMode::accumulate);
  });
}

}  // namespace

Body<BatchNorm> body_of(Tag<BatchNorm>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
