#include "ops/conv3x3.h"

#include "core/parallel.h"
#include "ops/cpu/channel_kernels.h"
#include "ops/cpu/normalization.h"
#include "ops/cpu/scratch.h"
#include "ops/cpu/winograd.h"

namespace srwm::cpu {
namespace {

void forward(Context& context, const Forward<Conv3x3>& f) {
  const Tensor &x = f.in[Conv3x3::x], &weight = f.in[Conv3x3::weight];
  winograd_forward(context, ConvShape::of(x, weight), x.data<float>(), weight.data<float>(),
                   f.in[Conv3x3::bias].data<float>(), f.out[0].data<float>());
}

/// The gradient that is in memory.
class Stored : public OutputGradient {
 public:
  Stored(const float* dy, const ConvShape& shape) : dy_(dy), image_(shape.height * shape.width * shape.out) {}
  const float* images(std::int64_t first, std::int64_t, float*) const override { return dy_ + first * image_; }

 private:
  const float* dy_;
  std::int64_t image_;
};

void bias_gradient(Context& context, const Tensor& dy, const Grad& dbias) {
  constexpr std::int64_t slice_pixels = 512;
  const ScratchScope scope(context);
  const std::int64_t channels = dy.dim(3), pixels = dy.numel() / channels;
  const std::int64_t slices = (pixels + slice_pixels - 1) / slice_pixels;
  float* sums = context.empty({slices, channels}, DType::f32).data<float>();
  double* total = context.empty({channels}, DType::f64).data<double>();
  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    const std::int64_t begin = slice * slice_pixels;
    channel_kernels().column_sums(sums + slice * channels, dy.data<float>() + begin * channels,
                                  std::min(slice_pixels, pixels - begin), channels);
  });
  add_up(sums, slices, channels, total);
  for (std::int64_t c = 0; c < channels; ++c) put(dbias, c, total[c]);
}

void backward(Context& context, const Backward<Conv3x3>& b) {
  const Tensor &x = b.in[Conv3x3::x], &weight = b.in[Conv3x3::weight], &dy = b.dL_dout[0];
  const ConvShape shape = ConvShape::of(x, weight);
  winograd_backward(context, shape, x.data<float>(), weight.data<float>(), Stored(dy.data<float>(), shape),
                    b.dL_din[Conv3x3::x], b.dL_din[Conv3x3::weight]);
  if (b.dL_din[Conv3x3::bias].wanted()) bias_gradient(context, dy, b.dL_din[Conv3x3::bias]);
}

}  // namespace

Body<Conv3x3> body_of(Tag<Conv3x3>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
