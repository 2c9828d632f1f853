#include "ops/conv_block.h"

#include "core/parallel.h"
#include "ops/cpu/channel_kernels.h"
#include "ops/cpu/first_conv_block.h"
#include "ops/cpu/normalization.h"
#include "ops/cpu/scratch.h"
#include "ops/cpu/winograd.h"

namespace srwm::cpu {
namespace {

PoolShape image_of(const ConvShape& shape) {
  return {shape.height, shape.width, shape.out};
}

/// Pass 1: convolution, stored without its bias, with the moments of its channels. Pass 2: the rest.
void wide_forward(Context& context, const Forward<ConvBlock>& f) {
  const ConvShape shape = ConvShape::of(f.in[ConvBlock::x], f.in[ConvBlock::weight]);
  const PoolShape image = image_of(shape);
  const BatchNormState& state = f.op.state;
  const float* bias = f.in[ConvBlock::bias].data<float>();
  f.saved.convolved = context.empty({shape.images, shape.height, shape.width, shape.out}, DType::f32);
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  float* convolved = f.saved.convolved.data<float>();
  auto* moments =
      static_cast<ChannelMoments*>(context.host_scratch(static_cast<std::size_t>(shape.out) * sizeof(ChannelMoments)));
  winograd_forward(context, shape, f.in[ConvBlock::x].data<float>(), f.in[ConvBlock::weight].data<float>(), nullptr,
                   convolved, state.training ? moments : nullptr);
  if (state.training) update_running(state, moments, bias);
  const Normalization norm(context, state, moments, f.in[ConvBlock::gamma].data<float>(),
                           f.in[ConvBlock::beta].data<float>(), bias);
  f.saved.mean = norm.mean;
  f.saved.inv_std = norm.inv_std;
  const std::int64_t from = image.height * image.width * image.channels, to = image.windows() * image.channels;
  parallel_for(context.threads(), shape.images, [&](std::int64_t n) {
    channel_kernels().norm_pool_relu(f.out[0].data<float>() + n * to, f.saved.winner.data<std::uint8_t>() + n * to,
                                     convolved + n * from, norm.scale.data<float>(), norm.shift.data<float>(), image);
  });
}

/// The pooled images of a backward pass, by number.
struct PooledBatch {
  const float* dy;
  const float* y;
  const std::uint8_t* winner;
  std::int64_t size;  ///< of an image

  explicit PooledBatch(const Backward<ConvBlock>& b)
      : dy(b.dL_dout[0].data<float>()),
        y(b.out[0].data<float>()),
        winner(b.saved.winner.data<std::uint8_t>()),
        size(b.out[0].numel() / b.out[0].dim(0)) {}
  PooledImage operator[](std::int64_t n) const { return {dy + n * size, y + n * size, winner + n * size}; }
};

/// dL/dconvolved, a few images at a time.
class ConvolvedGradient : public OutputGradient {
 public:
  ConvolvedGradient(const PooledBatch& pooled, const float* convolved, const NormBackward& norm, const ConvShape& shape)
      : pooled_(pooled),
        convolved_(convolved),
        norm_{norm.scale.data<float>(), norm.slope.data<float>(), norm.offset.data<float>()},
        image_(image_of(shape)) {}

  const float* images(std::int64_t first, std::int64_t count, float* scratch) const override {
    const std::int64_t size = image_.height * image_.width * image_.channels;
    for (std::int64_t n = 0; n < count; ++n) {
      channel_kernels().norm_pool_relu_gradient(scratch + n * size, pooled_[first + n], convolved_ + (first + n) * size,
                                                norm_, image_);
    }
    return scratch;
  }

 private:
  PooledBatch pooled_;
  const float* convolved_;
  NormGradient norm_;
  PoolShape image_;
};

/// Sum over pixels of dL/dnormalized and of dL/dnormalized (convolved - mean), per channel.
double* gradient_sums(Context& context, const Backward<ConvBlock>& b, const PooledBatch& pooled,
                      const ConvShape& shape) {
  const PoolShape image = image_of(shape);
  const std::int64_t size = image.height * image.width * image.channels;
  double* total = context.empty({2, shape.out}, DType::f64).data<double>();
  float* sums = context.empty({shape.images, 2, shape.out}, DType::f32).data<float>();
  parallel_for(context.threads(), shape.images, [&](std::int64_t n) {
    channel_kernels().norm_pool_relu_sums(sums + n * 2 * shape.out, pooled[n],
                                          b.saved.convolved.data<float>() + n * size, b.saved.mean.data<float>(),
                                          image);
  });
  add_up(sums, shape.images, 2 * shape.out, total);
  return total;
}

void wide_backward(Context& context, const Backward<ConvBlock>& b) {
  const ScratchScope scope(context);
  const ConvShape shape = ConvShape::of(b.in[ConvBlock::x], b.in[ConvBlock::weight]);
  const PooledBatch pooled(b);
  const double* sums = gradient_sums(context, b, pooled, shape);
  const NormBackward norm(context, b.op.state.training, b.saved.mean, b.saved.inv_std, b.in[ConvBlock::gamma], sums,
                          shape.pixels(), b.dL_din[ConvBlock::gamma], b.dL_din[ConvBlock::beta]);
  put_bias_gradient(b.dL_din[ConvBlock::bias], b.op.state.training, sums, norm.scale);
  winograd_backward(context, shape, b.in[ConvBlock::x].data<float>(), b.in[ConvBlock::weight].data<float>(),
                    ConvolvedGradient(pooled, b.saved.convolved.data<float>(), norm, shape), b.dL_din[ConvBlock::x],
                    b.dL_din[ConvBlock::weight]);
}

/// The gradient of the images is seldom needed: the convolution is computed again for it.
void image_gradient(Context& context, const Backward<ConvBlock>& b) {
  const ScratchScope scope(context);
  const Tensor &x = b.in[ConvBlock::x], &weight = b.in[ConvBlock::weight];
  const ConvShape shape = ConvShape::of(x, weight);
  ConvBlock::Saved saved = b.saved;
  saved.convolved = context.empty({shape.images, shape.height, shape.width, shape.out}, DType::f32);
  winograd_forward(context, shape, x.data<float>(), weight.data<float>(), nullptr, saved.convolved.data<float>());
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

}  // namespace srwm::cpu
