#include "ops/cuda/convolution.h"

#include "ops/scratch.h"

namespace srwm::cuda {

ConvShape conv_shape(const Tensor& x, const Tensor& weight) {
  return {x.dim(0), x.dim(1), x.dim(2), x.dim(3), weight.dim(0)};
}

void convolve(Context& context, const Tensor& x, const Tensor& weight, const float* bias, float* y) {
  const ScratchScope scope(context);
  const ConvShape shape = conv_shape(x, weight);
  float* arranged = context.empty(weight.shape()).data<float>();
  arrange_weights(stream_of(context), shape, weight.data<float>(), arranged);
  conv3x3(stream_of(context), shape, x.data<float>(), arranged, bias, y, false);
}

namespace {

void input_gradient(Context& context, const ConvShape& shape, const Tensor& weight, const float* dL_dy,
                    const Grad& dL_dx) {
  const ScratchScope scope(context);
  float* arranged = context.empty(weight.shape()).data<float>();
  arrange_weights_transposed(stream_of(context), shape, weight.data<float>(), arranged);
  conv3x3(stream_of(context), shape.transposed(), dL_dy, arranged, nullptr, dL_dx.value.data<float>(),
          accumulates(dL_dx));
}

}  // namespace

void convolve_backward(Context& context, const Tensor& x, const Tensor& weight, const float* dL_dy, const Grad& dL_dx,
                       const Grad& dL_dweight) {
  const ConvShape shape = conv_shape(x, weight);
  if (dL_dx.wanted()) input_gradient(context, shape, weight, dL_dy, dL_dx);
  if (!dL_dweight.wanted()) return;
  const ScratchScope scope(context);
  const Tensor partial = context.empty({weight_gradient_slices(shape), weight.numel()});
  conv3x3_weight_gradient(stream_of(context), shape, x.data<float>(), dL_dy, partial.data<float>(),
                          dL_dweight.value.data<float>(), accumulates(dL_dweight));
}

}  // namespace srwm::cuda
