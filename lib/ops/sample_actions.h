// Actions from the logits of a policy: a function without a gradient, in every backend.
#pragma once

#include <cstdint>

#include "core/tensor.h"
#include "ops/context.h"

namespace srwm {

/// actions[m] ~ softmax(logits[m]), or the first largest logit if `greedy`; log_probs[m] = log softmax(logits[m]) of
/// it. Row m draws from block `first_block` + m of the context's numbers of stream `actions` at its random step
/// (Context::set_random_step), so that a draw does not depend on how rows are batched if the caller numbers them.
/// A row with a NaN gets some action in range and a log-probability of NaN.
struct SampleActions {
  Tensor logits;     ///< real [M, A]
  Tensor actions;    ///< out, i32 [M]
  Tensor log_probs;  ///< out, f32 [M]
  bool greedy = false;
  std::uint64_t first_block = 0;

  /// ShapeError unless the shapes fit.
  void check() const;
};

/// The body for host tensors with numbers of type `Real`.
template <typename Real>
void sample_actions_on_host(Context& context, const SampleActions& sample);

}  // namespace srwm
