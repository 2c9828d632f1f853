#include "ops/kl_divergence.h"

#include "kernels/losses.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<KlDivergence>& f) {
  const Tensor& logits = f.in[KlDivergence::logits];
  f.saved.difference = context.empty(logits.shape());
  const Tensor divergences = context.empty({logits.dim(0)});
  kl_divergence(stream_of(context), {.rows = logits.dim(0),
                                     .classes = static_cast<int>(logits.dim(1)),
                                     .target = f.op.target.data<float>(),
                                     .logits = logits.data<float>(),
                                     .difference = f.saved.difference.data<float>(),
                                     .divergences = divergences.data<float>(),
                                     .loss = f.out[0].data<float>()});
}

void backward(Context& context, const Backward<KlDivergence>& g) {
  const Grad& grad = g.dL_din[KlDivergence::logits];
  if (!grad.wanted()) return;
  const Tensor& difference = g.saved.difference;
  kl_divergence_backward(stream_of(context), difference.data<float>(), g.dL_dout[0].data<float>(), difference.dim(0),
                         difference.dim(1), grad.value.data<float>(), accumulates(grad));
}

}  // namespace

Body<KlDivergence> body_of(Tag<KlDivergence>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
