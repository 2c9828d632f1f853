#include "ops/max_pool3x3.h"

#include "kernels/max_pool3x3.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

Pool3x3Shape pool3x3_shape_of(const Tensor& x) {
  return {x.dim(0), static_cast<int>(x.dim(1)), static_cast<int>(x.dim(2)), static_cast<int>(x.dim(3))};
}

void forward(Context& context, const Forward<MaxPool3x3>& f) {
  const Tensor& x = f.in[MaxPool3x3::x];
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  max_pool3x3(stream_of(context), pool3x3_shape_of(x), x.data<float>(), f.out[0].data<float>(),
              f.saved.winner.data<std::uint8_t>());
}

void backward(Context& context, const Backward<MaxPool3x3>& b) {
  const Grad& dL_dx = b.dL_din[MaxPool3x3::x];
  if (!dL_dx.wanted()) return;
  max_pool3x3_backward(stream_of(context), pool3x3_shape_of(b.in[MaxPool3x3::x]), b.dL_dout[0].data<float>(),
                       b.saved.winner.data<std::uint8_t>(), dL_dx.value.data<float>(), accumulates(dL_dx));
}

}  // namespace

Body<MaxPool3x3> body_of(Tag<MaxPool3x3>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
