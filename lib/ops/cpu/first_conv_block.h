// ConvBlock on images of one to three channels, where the convolution is cheap to do again and expensive to store.
//
// With c = w . p for each 3x3 patch p of the input (the bias drops out or joins the mean), the statistics of c over the
// batch follow from those of the patches: mean = w . E[p], variance = w . Cov(p) w. So the forward pass computes and
// stores only pooled outputs. Backward, with dL/dc = scale g + slope c + offset where g is non-zero at winners only:
//   dL/dw = scale (sum g p - [E[p] sum g]) + slope N Cov(p) w       N pixels; the bracket only in training
// needs the sum of g p over the winners and again the moments of the patches.
#pragma once

#include "ops/conv_block.h"

namespace srwm::cpu {

/// Whether these bodies can be used.
bool is_first_block(const Tensor& x);

void first_block_forward(Context& context, const Forward<ConvBlock>& f);
/// All gradients but that of x.
void first_block_backward(Context& context, const Backward<ConvBlock>& b);

}  // namespace srwm::cpu
