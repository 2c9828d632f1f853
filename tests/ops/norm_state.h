// Running statistics for the tests of batch-norm and of the fused block.
#pragma once

#include <vector>

#include "core/tensor.h"
#include "ops/batch_norm.h"

namespace srwm::test {

inline BatchNormState norm_state(DType real, std::int64_t channels, bool training) {
  BatchNormState state{.running_mean = Tensor::owning({channels}, real),
                       .running_var = Tensor::owning({channels}, real),
                       .training = training};
  for (std::int64_t c = 0; c < channels; ++c) {
    const double mean = 0.125 * static_cast<double>(c % 5) - 0.25, var = 0.5 + 0.25 * static_cast<double>(c % 3);
    if (real == DType::f64) {
      state.running_mean.data<double>()[c] = mean;
      state.running_var.data<double>()[c] = var;
    } else {
      state.running_mean.data<float>()[c] = static_cast<float>(mean);
      state.running_var.data<float>()[c] = static_cast<float>(var);
    }
  }
  return state;
}

template <typename Op>
std::vector<Tensor> running_statistics(const Op& op) {
  return {op.state.running_mean, op.state.running_var};
}

}  // namespace srwm::test
