#include "ops/relu.h"

#include "kernels/elementwise.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<Relu>& f) {
  relu(stream_of(context), f.in[Relu::x].data<float>(), f.out[0].data<float>(), f.out[0].numel());
}

void backward(Context& context, const Backward<Relu>& g) {
  const Grad& grad = g.dL_din[Relu::x];
  if (!grad.wanted()) return;
  relu_backward(stream_of(context), g.out[0].data<float>(), g.dL_dout[0].data<float>(), grad.value.data<float>(),
                accumulates(grad), grad.value.numel());
}

}  // namespace

Body<Relu> body_of(Tag<Relu>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
