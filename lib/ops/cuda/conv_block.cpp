#include "ops/conv_block.h"

#include "kernels/pool.h"
#include "ops/cuda/convolution.h"
#include "ops/cuda/first_conv_block.h"
#include "ops/cuda/normalization.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

PoolShape pool_shape(const Tensor& convolved) {
  return {convolved.dim(0), convolved.dim(1), convolved.dim(2), convolved.dim(3)};
}

/// The convolution without its bias, and what to normalize it with.
void convolve_and_normalize(Context& context, const Forward<ConvBlock>& f, const Normalization& norm) {
  const ScratchScope scope(context);
  const Tensor &x = f.in[ConvBlock::x], &weight = f.in[ConvBlock::weight];
  const ConvShape shape = conv_shape(x, weight);
  const NormOptions options =
      norm_options(f.op.state, f.in[ConvBlock::gamma], f.in[ConvBlock::beta], f.in[ConvBlock::bias]);
  float* convolved = f.saved.convolved.data<float>();
  if (!f.op.state.training) {
    convolve(context, x, weight, {.y = convolved});
    return normalize_by_running(stream_of(context), options, shape.out, norm);
  }
  const std::int64_t slice = conv_moment_pixels(shape);
  float* moments = context.empty({ChannelMoments::floats(shape.pixels(), slice, shape.out)}).data<float>();
  convolve(context, x, weight, {.y = convolved, .moments = moments});
  normalize_by_batch(stream_of(context), options, {moments, slice}, shape.pixels(), shape.out, norm);
}

void wide_forward(Context& context, const Forward<ConvBlock>& f) {
  const Tensor &x = f.in[ConvBlock::x], &weight = f.in[ConvBlock::weight], &y = f.out[0];
  const NormTensors norm(context, weight.dim(0));
  f.saved.mean = norm.mean;
  f.saved.inv_std = norm.inv_std;
  f.saved.winner = context.empty(y.shape(), DType::u8);
  f.saved.convolved = context.empty({x.dim(0), x.dim(1), x.dim(2), weight.dim(0)});
  convolve_and_normalize(context, f, norm.pointers());
  norm_pool_relu(stream_of(context), pool_shape(f.saved.convolved), f.saved.convolved.data<float>(), norm.pointers(),
                 y.data<float>(), f.saved.winner.data<std::uint8_t>());
}

void wide_backward(Context& context, const Backward<ConvBlock>& b) {
  const ScratchScope scope(context);
  const Tensor& convolved = b.saved.convolved;
  const PoolShape shape = pool_shape(convolved);
  const Pooled pooled{b.dL_dout[0].data<float>(), b.out[0].data<float>(), b.saved.winner.data<std::uint8_t>()};
  const float* mean = b.saved.mean.data<float>();
  const NormGradientTensors k(context, shape.channels);
  float* partial = context.empty({channel_sum_floats(shape.windows(), shape.channels)}).data<float>();
  norm_pool_relu_sums(stream_of(context), shape, pooled, convolved.data<float>(), mean, partial);
  const NormGradientSums sums{.training = b.op.state.training,
                              .channels = shape.channels,
                              .partial = partial,
                              .summed = shape.windows(),
                              .values = shape.pixels(),
                              .mean = mean,
                              .inv_std = b.saved.inv_std.data<float>(),
                              .gamma = b.in[ConvBlock::gamma].data<float>()};
  norm_gradient(stream_of(context), sums, k.pointers(),
                parameter_gradients(b.dL_din[ConvBlock::gamma], b.dL_din[ConvBlock::beta], b.dL_din[ConvBlock::bias]));
  const Tensor dL_dconvolved = context.empty(convolved.shape());
  norm_pool_relu_gradient(stream_of(context), shape, pooled, convolved.data<float>(), k.pointers(),
                          dL_dconvolved.data<float>());
  convolve_backward(context, b.in[ConvBlock::x], b.in[ConvBlock::weight], dL_dconvolved.data<float>(),
                    b.dL_din[ConvBlock::x], b.dL_din[ConvBlock::weight]);
}

/// The gradient of the images is seldom needed: the convolution is computed again for it, and stored.
void image_gradient(Context& context, const Backward<ConvBlock>& b) {
  const ScratchScope scope(context);
  const Tensor &x = b.in[ConvBlock::x], &weight = b.in[ConvBlock::weight];
  ConvBlock::Saved saved = b.saved;
  saved.convolved = context.empty({x.dim(0), x.dim(1), x.dim(2), weight.dim(0)});
  convolve(context, x, weight, {.y = saved.convolved.data<float>()});
  Grads<ConvBlock::inputs> only_x;
  only_x[ConvBlock::x] = b.dL_din[ConvBlock::x];
  wide_backward(context, {b.op, b.in, b.out, saved, b.dL_dout, only_x});
}

void forward(Context& context, const Forward<ConvBlock>& f) {
  is_first_block(f.in[ConvBlock::x]) ? first_block_forward(context, f) : wide_forward(context, f);
}

void backward(Context& context, const Backward<ConvBlock>& b) {
  if (!is_first_block(b.in[ConvBlock::x])) return wide_backward(context, b);
  first_block_backward(context, b);
  if (b.dL_din[ConvBlock::x].wanted()) image_gradient(context, b);
}

}  // namespace

Body<ConvBlock> body_of(Tag<ConvBlock>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
