// 3x3 convolution of whole batches, forward and backward, by Winograd's algorithm (winograd_kernels.h). Any number of
// channels and any image size; channels in multiples of 16 waste nothing. Inf and NaN in the input make the outputs of
// the tiles they reach non-finite, though not always the same kind of non-finite.
#pragma once

#include <cstdint>

#include "ops/cpu/normalization.h"
#include "ops/op.h"

namespace srwm::cpu {

struct ConvShape {
  std::int64_t images, height, width, in, out;

  /// From x [N, H, W, I] and weight [O, I, 3, 3].
  static ConvShape of(const Tensor& x, const Tensor& weight);
  std::int64_t pixels() const { return images * height * width; }
};

/// y = conv(x, weight) + bias; bias may be nullptr. If `moments` is given, also those of y, one per output channel.
void winograd_forward(Context& context, const ConvShape& shape, const float* x, const float* weight, const float* bias,
                      float* y, ChannelMoments* moments = nullptr);

/// Gives dL/dy [N, H, W, O] of a few images at a time, so that it need not be in memory as a whole.
class OutputGradient {
 public:
  virtual ~OutputGradient() = default;
  /// dL/dy of images [first, first + count), in `scratch` (of that size) or where it is already. Called by several
  /// threads at once.
  virtual const float* images(std::int64_t first, std::int64_t count, float* scratch) const = 0;
};

/// dL/dx and dL/dweight, each as its mode says.
void winograd_backward(Context& context, const ConvShape& shape, const float* x, const float* weight,
                       const OutputGradient& dy, const Grad& dx, const Grad& dweight);

}  // namespace srwm::cpu
