// The products of conv3x3.h on tensor cores, for channel counts that are multiples of four.
#pragma once

#include "kernels/conv3x3.h"
#include "kernels/precision.h"

namespace srwm::cuda {

/// Whether the convolution and both of its gradients can be done here; a few channels are faster without.
bool fits_tensor_cores(const ConvShape& shape);

/// Pixels of a slice of the moments that the convolution leaves.
constexpr std::int64_t tensor_moment_pixels = 64;

std::int64_t arranged_words_tensor(const ConvShape& shape, ProductPrecision precision);
void arrange_weights_tensor(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision,
                            const float* weight, bool transposed, float* to);
void conv3x3_tensor(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, const float* x,
                    const float* arranged, const ConvOutput& out);
/// Leaves sums of slices, partial [slices, 9 I, O].
void weight_gradient_tensor(cudaStream_t stream, const ConvShape& shape, ProductPrecision precision, const float* x,
                            const float* dL_dy, std::int64_t slices, float* partial);

}  // namespace srwm::cuda
