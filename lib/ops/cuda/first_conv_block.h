// ConvBlock on images of one to three channels, whose convolution is never stored (kernels/first_block.h).
#pragma once

#include "ops/conv_block.h"
#include "ops/cuda/normalization.h"

namespace srwm::cuda {

bool is_first_block(const Tensor& x);
void first_block_forward(Context& context, const Forward<ConvBlock>& f);
/// All gradients but that of x.
void first_block_backward(Context& context, const Backward<ConvBlock>& b);

}  // namespace srwm::cuda
