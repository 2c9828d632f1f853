// Options of cloned backpropagation, filled in by the spec.
#pragma once

#include <cstdint>

namespace srwm {

/// The gradient descent that sub-RNNs learn to be (tasks/vsml/clone.h), and how it is shown to them.
struct CloneOptions {
  double rate = 0.005;        ///< alpha: of weights
  double bias_rate = 0.0005;  ///< of biases, of which each sub-RNN has one
  std::int64_t examples = 2;  ///< that a sub-RNN sees in a row while it is trained
};

}  // namespace srwm
