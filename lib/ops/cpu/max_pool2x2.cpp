#include "ops/max_pool2x2.h"

#include "core/parallel.h"
#include "ops/cpu/channel_kernels.h"

namespace srwm::cpu {
namespace {

void forward(Context& context, const Forward<MaxPool2x2>& f) {
  const Tensor& x = f.in[MaxPool2x2::x];
  const PoolShape image = {x.dim(1), x.dim(2), x.dim(3)};
  const std::int64_t from = image.height * image.width * image.channels, to = image.windows() * image.channels;
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  parallel_for(context.threads(), x.dim(0), [&](std::int64_t n) {
    channel_kernels().pool(f.out[0].data<float>() + n * to, f.saved.winner.data<std::uint8_t>() + n * to,
                           x.data<float>() + n * from, image);
  });
}

void backward(Context& context, const Backward<MaxPool2x2>& b) {
  const Grad& dx = b.dL_din[MaxPool2x2::x];
  if (!dx.wanted()) return;
  const Tensor& x = b.in[MaxPool2x2::x];
  const PoolShape image = {x.dim(1), x.dim(2), x.dim(3)};
  const std::int64_t to = image.height * image.width * image.channels, from = image.windows() * image.channels;
  parallel_for(context.threads(), x.dim(0), [&](std::int64_t n) {
    channel_kernels().pool_gradient(dx.value.data<float>() + n * to, b.dL_dout[0].data<float>() + n * from,
                                    b.saved.winner.data<std::uint8_t>() + n * from, image,
                                    dx.mode == GradMode::accumulate);
  });
}

}  // namespace

Body<MaxPool2x2> body_of(Tag<MaxPool2x2>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
