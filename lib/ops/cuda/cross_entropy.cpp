#include "ops/cross_entropy.h"

#include "kernels/losses.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

void forward(Context& context, const Forward<CrossEntropy>& f) {
  const Tensor& logits = f.in[CrossEntropy::logits];
  f.saved.probabilities = context.empty(logits.shape());
  const Tensor losses = context.empty({logits.dim(0)}), hits = context.empty({logits.dim(0)});
  cross_entropy(stream_of(context), {.rows = logits.dim(0),
                                     .classes = logits.dim(1),
                                     .logits = logits.data<float>(),
                                     .targets = f.op.targets.data<std::int32_t>(),
                                     .probabilities = f.saved.probabilities.data<float>(),
                                     .losses = losses.data<float>(),
                                     .hits = hits.data<float>(),
                                     .loss = f.out[CrossEntropy::loss].data<float>(),
                                     .correct = f.out[CrossEntropy::correct].data<float>()});
}

void backward(Context& context, const Backward<CrossEntropy>& g) {
  const Grad& grad = g.dL_din[CrossEntropy::logits];
  const Tensor& dL_dloss = g.dL_dout[CrossEntropy::loss];
  if (!grad.wanted()) return;
  if (dL_dloss.absent()) {
    sum_into(context, grad);  // `correct` has no gradient
    return;
  }
  const Tensor& probabilities = g.saved.probabilities;
  cross_entropy_backward(stream_of(context), {.rows = probabilities.dim(0),
                                              .classes = probabilities.dim(1),
                                              .probabilities = probabilities.data<float>(),
                                              .targets = g.op.targets.data<std::int32_t>(),
                                              .dL_dloss = dL_dloss.data<float>(),
                                              .dL_dlogits = grad.value.data<float>(),
                                              .accumulate = accumulates(grad)});
}

}  // namespace

Body<CrossEntropy> body_of(Tag<CrossEntropy>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
