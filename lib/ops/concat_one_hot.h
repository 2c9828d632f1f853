// Appends the one-hot vector of a label to a feature vector.
#pragma once

#include "ops/op.h"

namespace srwm {

/// y[m] = [x[m], onehot(labels[m])], x [M, F], labels i32 [M] in [0, classes), y [M, F + classes].
/// No gradient reaches the labels. The caller makes sure that labels are in range.
struct ConcatOneHot {
  static constexpr const char* name = "concat_one_hot";
  static constexpr int inputs = 1, outputs = 1;
  enum In { x };
  Tensor labels;
  std::int64_t classes = 0;
  struct Saved {};

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

}  // namespace srwm
