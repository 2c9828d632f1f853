#include "ops/batch_norm.h"

#include "kernels/elementwise.h"
#include "ops/cuda/normalization.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<BatchNorm>& f) {
  const std::int64_t channels = f.out[0].dim(3), pixels = rows_of(f.out[0]);
  const float* x = f.in[BatchNorm::x].data<float>();
  const NormTensors norm(context, channels);
  f.saved.mean = norm.mean;
  f.saved.inv_std = norm.inv_std;
  const ScratchScope scope(context);
  const NormOptions options = norm_options(f.op.state, f.in[BatchNorm::gamma], f.in[BatchNorm::beta]);
  if (f.op.state.training) {
    float* partial = context.empty({channel_sum_floats(pixels, channels)}).data<float>();
    channel_moments(stream_of(context), x, pixels, channels, partial);
    normalize_by_batch(stream_of(context), options, {partial, norm_slice_pixels}, pixels, channels, norm.pointers());
  } else {
    normalize_by_running(stream_of(context), options, channels, norm.pointers());
  }
  float* y = f.out[0].data<float>();
  const Tensor& residual = f.in[BatchNorm::residual];
  scale_and_shift(stream_of(context), x, norm.pointers(), y, pixels, channels);
  if (residual) copy_or_add(stream_of(context), residual.data<float>(), y, true, residual.numel());
  if (f.op.slope != 1) leaky_relu(stream_of(context), y, static_cast<float>(f.op.slope), f.out[0].numel());
}

/// dL/dz of y = act(z), in step memory unless there is no activation.
const float* through_activation(Context& context, const Backward<BatchNorm>& b) {
  const Tensor& dL_dy = b.dL_dout[0];
  if (b.op.slope == 1) return dL_dy.data<float>();
  float* dL_dz = context.empty(dL_dy.shape()).data<float>();
  leaky_relu_backward(stream_of(context), b.out[0].data<float>(), dL_dy.data<float>(), dL_dz,
                      static_cast<float>(b.op.slope), dL_dy.numel());
  return dL_dz;
}

void backward(Context& context, const Backward<BatchNorm>& b) {
  const ScratchScope scope(context);
  const std::int64_t channels = b.out[0].dim(3), pixels = rows_of(b.out[0]);
  const float *x = b.in[BatchNorm::x].data<float>(), *dL_dz = through_activation(context, b),
              *mean = b.saved.mean.data<float>();
  const NormGradientTensors k(context, channels);
  float* partial = context.empty({channel_sum_floats(pixels, channels)}).data<float>();
  norm_gradient_sums(stream_of(context), dL_dz, x, mean, partial, pixels, channels);
  const NormGradientSums sums{.training = b.op.state.training,
                              .channels = channels,
                              .partial = partial,
                              .summed = pixels,
                              .values = pixels,
                              .mean = mean,
                              .inv_std = b.saved.inv_std.data<float>(),
                              .gamma = b.in[BatchNorm::gamma].data<float>()};
  norm_gradient(stream_of(context), sums, k.pointers(),
                parameter_gradients(b.dL_din[BatchNorm::gamma], b.dL_din[BatchNorm::beta]));
  const Grad& dL_dresidual = b.dL_din[BatchNorm::residual];
  if (dL_dresidual.wanted()) {
    copy_or_add(stream_of(context), dL_dz, dL_dresidual.value.data<float>(), accumulates(dL_dresidual),
                dL_dresidual.value.numel());
  }
  const Grad& dL_dx = b.dL_din[BatchNorm::x];
  if (!dL_dx.wanted()) return;
  apply_norm_gradient(stream_of(context), {.pixels = pixels,
                                           .channels = channels,
                                           .k = k.pointers(),
                                           .dL_dy = dL_dz,
                                           .x = x,
                                           .dL_dx = dL_dx.value.data<float>(),
                                           .accumulate = accumulates(dL_dx)});
}

}  // namespace

Body<BatchNorm> body_of(Tag<BatchNorm>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
