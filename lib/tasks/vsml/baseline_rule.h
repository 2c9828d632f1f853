// The baselines of baseline_net.h as learning rules.
#pragma once

#include "tasks/vsml/baseline_net.h"
#include "tasks/vsml/learning_rule.h"

namespace srwm {

/// Networks for tasks of one shape: their parameters depend on the numbers of inputs and classes. They run on the host,
/// an episode on a thread. The fast weights of "fwp" begin an episode as truncated normals with standard deviation
/// 1 / sqrt(fast_size), drawn from its number.
class BaselineRule final : public LearningRule {
 public:
  /// SpecError if the model does not fit the shape.
  BaselineRule(ParameterSet& parameters, const VsmlSpec& spec, const EpisodeShape& shape);

  /// SpecError if the batch has another shape.
  RuleOutput run(Context& context, const OnlineBatch& batch, const Tensor& theta) override;
  RuleOutput gradient(Context& context, const OnlineBatch& batch, double weight, const TensorWatcher& watcher) override;
  bool is_differentiable() const override { return true; }

 private:
  std::vector<float> fast_weights(const EpisodeId& id) const;
  void check_shape(const EpisodeShape& shape) const;

  BaselineOptions options_;
  LossKind loss_;
  EpisodeShape shape_;
  std::uint64_t seed_;
  ParameterSet& parameters_;
};

}  // namespace srwm
