// VSML as a learning rule.
#pragma once

#include <vector>

#include "ops/vsml.h"
#include "tasks/vsml/learning_rule.h"

namespace srwm {

/// A network of sub-RNNs (ops/vsml.h) whose initial cells are drawn for each episode: the first floor(state *
/// random_part) cells of a sub-RNN are truncated normals with standard deviation 1 / sqrt(first axis of the layer's
/// state): the inputs of a dense layer, 3 of a convolution; the others are 0.
class VsmlRule final : public LearningRule {
 public:
  /// Parameters have the authors' shapes and initial values: truncated normals with standard deviation 1 / sqrt(inputs)
  /// and zeros.
  VsmlRule(ParameterSet& parameters, const VsmlSpec& spec);

  RuleOutput run(Context& context, const OnlineBatch& batch, const Tensor& theta) override;
  RuleOutput gradient(Context& context, const OnlineBatch& batch, double weight, const TensorWatcher& watcher) override;
  bool is_differentiable() const override { return true; }
  std::int64_t cells(const EpisodeShape& shape) const override { return network(shape).cells(); }
  Tensor first_cells(Context& context, const OnlineBatch& batch) const override;
  RuleCells cells_in(Context& context, const EpisodeShape& shape, const Tensor& state) const override;

  /// The network for episodes of this shape. SpecError if a convolution does not fit.
  Vsml network(const EpisodeShape& shape) const;
  /// All parameters one after the other, [1, n], in step memory.
  Tensor pack(Context& context) const;
  /// Adds the parts of a gradient of that to the gradients of the parameters.
  void unpack_gradient(Context& context, const Tensor& dL_dtheta);
  /// Gives the parameters the values in theta.
  void unpack(Context& context, const Tensor& theta);

 private:
  /// Creates the parameters of one set of sub-RNNs, in the order of theta.
  void add_set(const std::string& prefix);
  /// c before the first image: as the batch gives it, else drawn; absent for zeros.
  Tensor first_cells(Context& context, const Vsml& network, const OnlineBatch& batch) const;
  Tensor drawn_cells(Context& context, const Vsml& network, const OnlineBatch& batch) const;
  Variables<Vsml::outputs> forward(Tape& tape, const OnlineBatch& batch, const Variable& theta) const;

  VsmlModelSpec model_;
  LossKind loss_;
  std::uint64_t seed_;
  std::vector<HiddenLayer> hidden_;
  ParameterSet& parameters_;
};

}  // namespace srwm
