// What the bodies of Conv3x3 and ConvBlock share: kernels/conv3x3.h on tensors.
#pragma once

#include "kernels/conv3x3.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {

ConvShape conv_shape(const Tensor& x, const Tensor& weight);

/// Convolution of x, all of it as `out` says, in the context's precision.
void convolve(Context& context, const Tensor& x, const Tensor& weight, const ConvOutput& out);
/// The gradients of x and weight that are wanted, from the gradient of y.
void convolve_backward(Context& context, const Tensor& x, const Tensor& weight, const float* dL_dy, const Grad& dL_dx,
                       const Grad& dL_dweight);

}  // namespace srwm::cuda
