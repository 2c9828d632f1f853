// Layer normalization (Ba, Kiros, Hinton, 2016) over the last axis.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[m, i] = (x[m, i] - mean_m) / sqrt(var_m + eps) * gamma[i] + beta[i], mean and biased variance over i.
/// x has any rank; all axes but the last are rows m. gamma and beta are [I].
struct LayerNorm {
  static constexpr const char* name = "layer_norm";
  static constexpr int inputs = 3, outputs = 1;
  enum In { x, gamma, beta };
  double eps = 1e-5;

  struct Saved {
    Tensor mean, inv_std;  // [M]
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
