// How far predictions are from given ones.
#pragma once

#include "ops/op.h"

namespace srwm {

/// loss [1] = 1/M sum_m KL(p_m || q_m) = 1/M sum_m sum_n p[m, n] (log p[m, n] - log q[m, n]),
/// p = softmax(target), q = softmax(logits), both [M, N]; `target` has no gradient.
struct KlDivergence {
  static constexpr const char* name = "kl_divergence";
  static constexpr int inputs = 1, outputs = 1;
  enum In { logits };
  Tensor target;

  struct Saved {
    Tensor difference;  // q - p [M, N]
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
