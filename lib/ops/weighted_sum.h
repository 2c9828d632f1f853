// A loss made of several.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y = weights[0] a + weights[1] b + weights[2] c, all [1].
struct WeightedSum {
  static constexpr const char* name = "weighted_sum";
  static constexpr int inputs = 3, outputs = 1;
  enum In { a, b, c };
  std::array<double, 3> weights{1, 1, 1};
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
