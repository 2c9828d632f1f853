// Online gradient descent as a learning rule.
#pragma once

#include "tasks/vsml/learning_rule.h"

namespace srwm {

/// Every episode starts from the same initial weights, which depend on the spec's seed and the shape of the task.
class OnlineNetRule final : public LearningRule {
 public:
  explicit OnlineNetRule(const VsmlSpec& spec);
  /// theta must be absent.
  RuleOutput run(Context& context, const OnlineBatch& batch, const Tensor& theta) override;

 private:
  OnlineNetOptions options_;
  std::uint64_t seed_;
};

}  // namespace srwm
