// The sum of the gradients of several passes, in an order that depends on their number alone.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/parameters.h"
#include "ops/context.h"

namespace srwm {

/// Adds up the gradients of passes 0 .. passes - 1 in a fixed binary tree: node(a, b) = node(a, m) + node(m, b) with m
/// = a + the largest power of two below b - a. So machines that share the passes can add in the same order. Each pass
/// leaves its gradient in the gradient slots of the parameters, where the sum is after the last one.
class GradientTree {
 public:
  /// Memory for log2(passes) gradients; none for a single pass.
  GradientTree(Context& context, const ParameterSet& parameters, std::int64_t passes);

  /// Takes the gradient of pass `index` from the slots; passes come in order. Does not wait: can be recorded.
  void add(Context& context, std::int64_t index) const;
  /// Passes of the same kind are added with the same launches.
  std::int64_t kind(std::int64_t index) const;

 private:
  /// Pass `index` completes so many subtrees of 1, 2, 4, ... passes, each the right half of a larger one.
  static int completed(std::int64_t index);
  void add_level(Context& context, int level) const;

  const ParameterSet& parameters_;
  std::int64_t passes_;
  std::vector<std::vector<Tensor>> levels_;  ///< [level]: the sum over 2^level passes that waits for its right half
};

}  // namespace srwm
