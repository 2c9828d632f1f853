#include "ops/max_pool2x2.h"

#include "kernels/pool.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

PoolShape shape_of(const Tensor& x) {
  return {x.dim(0), x.dim(1), x.dim(2), x.dim(3)};
}

void forward(Context& context, const Forward<MaxPool2x2>& f) {
  const Tensor& x = f.in[MaxPool2x2::x];
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  max_pool(stream_of(context), shape_of(x), x.data<float>(), f.out[0].data<float>(),
           f.saved.winner.data<std::uint8_t>());
}

void backward(Context& context, const Backward<MaxPool2x2>& b) {
  const Grad& dL_dx = b.dL_din[MaxPool2x2::x];
  if (!dL_dx.wanted()) return;
  max_pool_backward(stream_of(context), shape_of(b.in[MaxPool2x2::x]), b.dL_dout[0].data<float>(),
                    b.saved.winner.data<std::uint8_t>(), dL_dx.value.data<float>(), accumulates(dL_dx));
}

}  // namespace

Body<MaxPool2x2> body_of(Tag<MaxPool2x2>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
