// ConvBlock on images of one to three channels, whose convolution is never stored (kernels/thin_block.h).
#pragma once

#include "ops/conv_block.h"
#include "ops/cuda/normalisation.h"

namespace srwm::cuda {

bool is_thin(const Tensor& x);
void thin_block_forward(Context& context, const Forward<ConvBlock>& f);
/// All gradients but that of x.
void thin_block_backward(Context& context, const Backward<ConvBlock>& b);

}  // namespace srwm::cuda
