#include "ops/cuda/normalization.h"

namespace srwm::cuda {

NormTensors::NormTensors(Context& context, std::int64_t channels)
    : mean(context.empty({channels})),
      inv_std(context.empty({channels})),
      scale(context.empty({channels})),
      shift(context.empty({channels})) {}

Normalization NormTensors::pointers() const {
  return {mean.data<float>(), inv_std.data<float>(), scale.data<float>(), shift.data<float>()};
}

NormOptions norm_options(const BatchNormState& state, const Tensor& gamma, const Tensor& beta, const Tensor& bias) {
  return {.gamma = gamma.data<float>(),
          .beta = beta.data<float>(),
          .bias = bias.data<float>(),
          .running_mean = state.running_mean.data<float>(),
          .running_var = state.running_var.data<float>(),
          .momentum = state.momentum,
          .eps = state.eps};
}

NormGradientTensors::NormGradientTensors(Context& context, std::int64_t channels)
    : scale(context.empty({channels})), slope(context.empty({channels})), offset(context.empty({channels})) {}

NormGradient NormGradientTensors::pointers() const {
  return {scale.data<float>(), slope.data<float>(), offset.data<float>()};
}

NormParameterGradients parameter_gradients(const Grad& gamma, const Grad& beta, const Grad& bias) {
  const auto data = [](const Grad& grad) { return grad.wanted() ? grad.value.data<float>() : nullptr; };
  return {.dL_dgamma = data(gamma),
          .dL_dbeta = data(beta),
          .dL_dbias = data(bias),
          .add_gamma = accumulates(gamma),
          .add_beta = accumulates(beta),
          .add_bias = accumulates(bias)};
}

}  // namespace srwm::cuda
