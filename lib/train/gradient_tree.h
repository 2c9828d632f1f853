// The sum of the gradients of several passes, in an order that depends on their number alone.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/parameters.h"
#include "ops/context.h"

namespace srwm {

/// Adds up the gradients of the passes of a node of the tree of comm/pass_tree.h, so that ranks that share the passes
/// add in the same order. Each pass leaves its gradient in the gradient slots of the parameters, where the sum is after
/// the last one.
class GradientTree {
 public:
  /// Memory for log2(most_passes) gradients; none for a single pass.
  GradientTree(Context& context, const ParameterSet& parameters, std::int64_t most_passes);

  /// Takes the gradient of pass `index` of a node's `passes` from the slots; passes come in order. Does not wait: can
  /// be recorded.
  void add(Context& context, std::int64_t index, std::int64_t passes) const;
  /// Passes of the same kind are added with the same launches.
  static std::int64_t kind(std::int64_t index, std::int64_t passes);

 private:
  /// Pass `index` completes so many subtrees of 1, 2, 4, ... passes, each the right half of a larger one.
  static int completed(std::int64_t index);
  void add_level(Context& context, int level) const;

  const ParameterSet& parameters_;
  std::vector<std::vector<Tensor>> levels_;  ///< [level]: the sum over 2^level passes that waits for its right half
};

}  // namespace srwm
