#include "ops/cuda/convolution.h"

#include "ops/scratch.h"

namespace srwm::cuda {

ConvShape conv_shape(const Tensor& x, const Tensor& weight) {
  return {x.dim(0), x.dim(1), x.dim(2), x.dim(3), weight.dim(0)};
}

namespace {

ProductPrecision precision_of(const Context& context) {
  switch (context.precision()) {
    case Precision::fp32:
      return ProductPrecision::fp32;
    case Precision::tf32:
      return ProductPrecision::tf32;
    case Precision::bf16:
      break;
  }
  return ProductPrecision::bf16;
}

void convolve(Context& context, const ConvShape& shape, WeightsOf use, const float* x, const Tensor& weight,
              const ConvOutput& out) {
  const ScratchScope scope(context);
  const ProductPrecision precision = precision_of(context);
  float* arranged = context.empty({arranged_floats(shape, precision)}).data<float>();
  arrange_weights(stream_of(context), shape, precision, use, weight.data<float>(), arranged);
  conv3x3(stream_of(context), shape, precision, x, arranged, out);
}

}  // namespace

void convolve(Context& context, const Tensor& x, const Tensor& weight, const ConvOutput& out) {
  convolve(context, conv_shape(x, weight), WeightsOf::layer, x.data<float>(), weight, out);
}

void convolve_backward(Context& context, const Tensor& x, const Tensor& weight, const float* dL_dy, const Grad& dL_dx,
                       const Grad& dL_dweight) {
  const ConvShape shape = conv_shape(x, weight);
  if (dL_dx.wanted()) {
    convolve(context, shape.transposed(), WeightsOf::input_gradient, dL_dy, weight,
             {.y = dL_dx.value.data<float>(), .accumulate = accumulates(dL_dx)});
  }
  if (!dL_dweight.wanted()) return;
  const ScratchScope scope(context);
  const Tensor partial = context.empty({weight_gradient_slices(shape), weight.numel()});
  conv3x3_weight_gradient(stream_of(context), shape, precision_of(context),
                          {.x = x.data<float>(),
                           .dL_dy = dL_dy,
                           .partial = partial.data<float>(),
                           .dL_dweight = dL_dweight.value.data<float>(),
                           .accumulate = accumulates(dL_dweight)});
}

}  // namespace srwm::cuda
