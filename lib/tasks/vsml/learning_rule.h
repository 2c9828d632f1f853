// How a model learns the images of an episode one after the other.
#pragma once

#include <memory>

#include "core/parallel.h"
#include "nn/parameters.h"
#include "ops/context.h"
#include "tasks/vsml/data.h"
#include "tasks/vsml/vsml_spec.h"

namespace srwm {

/// What runs of episodes come to; tensors in step memory or on the host.
struct RuleOutput {
  Tensor logits;  ///< [runs K, T, classes], each made before its label was seen
  Tensor loss;    ///< [runs], as the spec's episode.loss says
  Tensor state;   ///< [runs K, n], what a rule with cells is left with; absent for others
};

/// h and c of the LSTM cells of a rule, f32 [runs K, cells].
struct RuleCells {
  Tensor h, c;
};

class LearningRule {
 public:
  virtual ~LearningRule() = default;

  /// Runs the episodes with each row of theta [G, n], or with the parameters of the rule where it is absent: runs r = 0
  /// .. max(G, E) - 1, the smaller number dividing the larger, run r with row r / (runs / G) and episode r / (runs /
  /// E).
  virtual RuleOutput run(Context& context, const OnlineBatch& batch, const Tensor& theta) = 0;
  /// Forward and backward of `weight` times the sum of the episodes' losses. InternalError where is_differentiable is
  /// false.
  virtual RuleOutput gradient(Context& context, const OnlineBatch& batch, double weight, const TensorWatcher& watcher);
  virtual bool is_differentiable() const { return false; }

  /// Cells of the network for episodes of this shape, whose first values a batch may give; 0: a rule without cells.
  virtual std::int64_t cells(const EpisodeShape& shape) const;
  /// c before the first image of each of the batch's episodes, f32 [E, cells] on the host.
  virtual Tensor first_cells(Context& context, const OnlineBatch& batch) const;
  /// The cells in RuleOutput::state, on the host. InternalError for a rule without cells, as first_cells.
  virtual RuleCells cells_in(Context& context, const EpisodeShape& shape, const Tensor& state) const;
};

/// The rule of a spec; its parameters, if it has any, are added to `parameters`. `shape`: of the tasks that it is
/// trained on, which the weights of baselines depend on.
std::unique_ptr<LearningRule> make_rule(ParameterSet& parameters, const VsmlSpec& spec, const EpisodeShape& shape);

/// For rules that run on the host, a run at a time: calls body(run, its episode, its logits [T, classes]) for each of
/// `runs` runs, several at once, and adds their losses. The body must not throw.
template <typename Body>
RuleOutput run_each(Context& context, const OnlineBatch& batch, std::int64_t runs, LossKind loss, const Body& body);

/// A tensor of real numbers on the host, in float32.
Tensor floats_on_host(Context& context, const Tensor& tensor);

/// Images of the last tenth of an episode, at least one.
std::size_t late_images(std::size_t length);

/// What fractions of an episode's predictions are right: of all, and of its last tenth.
struct EpisodeAccuracy {
  double all = 0, late = 0;
};
/// Of run `run`, with logits from floats_on_host; labels of all sequences of its episode.
EpisodeAccuracy accuracy_of(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels);
/// Cross-entropy of an episode, logits [T, classes]: the mean over its images, or that of the last one.
double episode_loss(std::span<const float> logits, std::span<const std::int32_t> labels, LossKind kind);

template <typename Body>
RuleOutput run_each(Context& context, const OnlineBatch& batch, std::int64_t runs, LossKind loss, const Body& body) {
  RuleOutput output{.logits = Tensor::owning({runs, batch.length(), batch.shape.classes}, DType::f32),
                    .loss = Tensor::owning({runs}, DType::f32)};
  const std::span<float> logits = output.logits.span<float>();
  const auto size = static_cast<std::size_t>(batch.length() * batch.shape.classes);
  parallel_for(context.threads(), runs, [&](std::int64_t run) {
    const std::int64_t e = run / (runs / batch.episodes());
    const std::span<float> of_run = logits.subspan(static_cast<std::size_t>(run) * size, size);
    body(run, e, of_run);
    output.loss.data<float>()[run] = static_cast<float>(episode_loss(of_run, batch.labels_of(e), loss));
  });
  return output;
}

}  // namespace srwm
