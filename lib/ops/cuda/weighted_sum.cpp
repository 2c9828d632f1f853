#include "ops/weighted_sum.h"

#include "kernels/losses.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<WeightedSum>& f) {
  SumTerms terms{};
  for (std::size_t i = 0; i < f.in.size(); ++i) {
    terms.x[i] = f.in[i].data<float>();
    terms.weight[i] = static_cast<float>(f.op.weights[i]);
  }
  weighted_sum(stream_of(context), terms, f.out[0].data<float>());
}

void backward(Context& context, const Backward<WeightedSum>& g) {
  for (std::size_t i = 0; i < g.dL_din.size(); ++i) {
    const Grad& grad = g.dL_din[i];
    if (!grad.wanted()) continue;
    scaled(stream_of(context), g.dL_dout[0].data<float>(), static_cast<float>(g.op.weights[i]),
           grad.value.data<float>(), accumulates(grad));
  }
}

}  // namespace

Body<WeightedSum> body_of(Tag<WeightedSum>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
