// The gradient descent that sub-RNNs clone, as a learning rule.
#pragma once

#include <vector>

#include "tasks/vsml/learning_rule.h"

namespace srwm {

/// A network of dense layers y_b = sum_a tanh(x_a) w_ab + b_ab, trained online by gradient descent on the cross-entropy
/// with the rates of the spec's group clone; the derivative of the bound on logits is left out, as in VSML. Weights
/// begin as the first cells of VSML with one random cell: truncated normals with standard deviation 1 / sqrt(inputs),
/// drawn for each episode; biases begin with 0.
class ClonedNetRule final : public LearningRule {
 public:
  explicit ClonedNetRule(const VsmlSpec& spec);
  /// theta must be absent.
  RuleOutput run(Context& context, const OnlineBatch& batch, const Tensor& theta) override;

 private:
  class Net;

  std::vector<std::int64_t> hidden_;
  CloneOptions options_;
  double bound_;
  std::uint64_t seed_;
};

}  // namespace srwm
