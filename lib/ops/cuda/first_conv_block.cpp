#include "ops/cuda/first_conv_block.h"

#include "kernels/first_block.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

FirstBlockShape first_block_shape(const Tensor& x, const Tensor& weight) {
  return {x.dim(0), x.dim(1), x.dim(2), x.dim(3), weight.dim(0)};
}

double* doubles(Context& context, std::int64_t count) {
  return context.empty({count}, DType::f64).data<double>();
}

/// Batch statistics without the convolved images; saves the patches' sums.
void normalize_first_block(Context& context, const Forward<ConvBlock>& f, const FirstBlockShape& shape,
                           const NormOptions& options, const Normalization& norm) {
  const Tensor &x = f.in[ConvBlock::x], &weight = f.in[ConvBlock::weight];
  f.saved.patch_moments = context.empty({patch_sum_doubles(shape)}, DType::f64);
  auto* sums = f.saved.patch_moments.data<double>();
  const ScratchScope scope(context);
  patch_sums(stream_of(context), shape, x.data<float>(), doubles(context, patch_partial_doubles(shape)), sums);
  float* moments = context.empty({2, shape.out}).data<float>();
  first_block_moments(stream_of(context), shape, sums, weight.data<float>(), moments);
  normalize_by_batch(stream_of(context), options, {moments, shape.pixels()}, shape.pixels(), shape.out, norm);
}

}  // namespace

bool is_first_block(const Tensor& x) {
  return x.dim(3) <= first_block_most_channels;
}

void first_block_forward(Context& context, const Forward<ConvBlock>& f) {
  const Tensor &x = f.in[ConvBlock::x], &weight = f.in[ConvBlock::weight], &y = f.out[0];
  const FirstBlockShape shape = first_block_shape(x, weight);
  const NormTensors norm(context, shape.out);
  f.saved.mean = norm.mean;
  f.saved.inv_std = norm.inv_std;
  f.saved.winner = context.empty(y.shape(), DType::u8);
  const NormOptions options =
      norm_options(f.op.state, f.in[ConvBlock::gamma], f.in[ConvBlock::beta], f.in[ConvBlock::bias]);
  if (f.op.state.training) {
    normalize_first_block(context, f, shape, options, norm.pointers());
  } else {
    normalize_by_running(stream_of(context), options, shape.out, norm.pointers());
  }
  first_block_forward(stream_of(context), shape, x.data<float>(), weight.data<float>(), norm.pointers(),
                      y.data<float>(), f.saved.winner.data<std::uint8_t>());
}

void first_block_backward(Context& context, const Backward<ConvBlock>& b) {
  const ScratchScope scope(context);
  const Tensor &x = b.in[ConvBlock::x], &weight = b.in[ConvBlock::weight];
  const FirstBlockShape shape = first_block_shape(x, weight);
  cudaStream_t stream = stream_of(context);
  const Pooled pooled{b.dL_dout[0].data<float>(), b.out[0].data<float>(), b.saved.winner.data<std::uint8_t>()};
  const auto* mean = b.saved.mean.data<float>();
  float* partial = context.empty({first_block_slices(shape), 1 + shape.taps(), shape.out}).data<float>();
  double* sums = doubles(context, (1 + shape.taps()) * shape.out);
  float* channel_sums = context.empty({2, shape.out}).data<float>();
  first_block_winner_sums(stream, shape, x.data<float>(), pooled, partial);
  first_block_channel_sums(stream, shape, partial, weight.data<float>(), mean, sums, channel_sums);
  const NormGradientTensors k(context, shape.out);
  const NormGradientSums of_channels{.training = b.op.state.training,
                                     .channels = shape.out,
                                     .partial = channel_sums,
                                     .summed = 1,  // one slice
                                     .values = shape.pixels(),
                                     .mean = mean,
                                     .inv_std = b.saved.inv_std.data<float>(),
                                     .gamma = b.in[ConvBlock::gamma].data<float>()};
  norm_gradient(stream, of_channels, k.pointers(),
                parameter_gradients(b.dL_din[ConvBlock::gamma], b.dL_din[ConvBlock::beta], b.dL_din[ConvBlock::bias]));
  const Grad& dL_dweight = b.dL_din[ConvBlock::weight];
  if (!dL_dweight.wanted()) return;
  first_block_weight_gradient(stream, shape,
                              {.training = b.op.state.training,
                               .sums = sums,
                               .patch_sums = b.saved.patch_moments.data<double>(),
                               .weight = weight.data<float>(),
                               .k = k.pointers(),
                               .dL_dweight = dL_dweight.value.data<float>(),
                               .accumulate = accumulates(dL_dweight)});
}

}  // namespace srwm::cuda
