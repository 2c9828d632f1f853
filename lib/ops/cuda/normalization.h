// What the bodies of BatchNorm and ConvBlock share: kernels/batch_norm.h on tensors.
#pragma once

#include "kernels/batch_norm.h"
#include "ops/batch_norm.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {

/// Batch-norm as y = scale x + shift, each [C], in step memory.
struct NormTensors {
  Tensor mean, inv_std, scale, shift;

  NormTensors(Context& context, std::int64_t channels);
  Normalization pointers() const;
};

/// `bias`, where given, is part of what the statistics describe but was left out of x.
NormOptions norm_options(const BatchNormState& state, const Tensor& gamma, const Tensor& beta, const Tensor& bias = {});

/// dL/dx = scale dL/dy + slope x + offset, each [C], in step memory.
struct NormGradientTensors {
  Tensor scale, slope, offset;

  NormGradientTensors(Context& context, std::int64_t channels);
  NormGradient pointers() const;
};

/// Where the gradients of the vectors go; `bias` may be absent.
NormParameterGradients parameter_gradients(const Grad& gamma, const Grad& beta, const Grad& bias = {});

}  // namespace srwm::cuda
