// Softmax cross-entropy.
#pragma once

#include "ops/op.h"

namespace srwm {

/// loss = 1/M sum_m (logsumexp(logits[m]) - logits[m, targets[m]]), logits [M, N], targets i32 [M] in [0, N).
/// Outputs: `loss` [1], and `correct` [1], the number of rows whose first largest logit is the target's (no gradient).
/// A NaN logit makes the loss NaN and its row wrong.
struct CrossEntropy {
  static constexpr const char* name = "cross_entropy";
  static constexpr int inputs = 1, outputs = 2;
  enum In { logits };
  enum Out { loss, correct };
  Tensor targets;

  struct Saved {
    Tensor probabilities;  // [M, N]
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
