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
  Tensor logits;  ///< [runs, T, classes], each made before its label was seen
  Tensor loss;    ///< [runs], as the spec's episode.loss says
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
};

/// The rule of a spec; its parameters, if it has any, are added to `parameters`.
std::unique_ptr<LearningRule> make_rule(ParameterSet& parameters, const VsmlSpec& spec);

/// For rules that run an episode at a time on the host: calls body(e, its logits [T, classes]) for each episode,
/// several at once, and adds the mean losses. The body must not throw.
template <typename Body>
RuleOutput run_each(Context& context, const OnlineBatch& batch, const Body& body);

/// The logits on the host, in float32.
Tensor logits_on_host(Context& context, const RuleOutput& output);

/// Images of the last tenth of an episode, at least one.
std::size_t late_images(std::size_t length);

/// What fractions of an episode's predictions are right: of all, and of its last tenth.
struct EpisodeAccuracy {
  double all = 0, late = 0;
};
/// Of run `run`, with logits from logits_on_host.
EpisodeAccuracy accuracy_of(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels);
/// Mean cross-entropy of an episode, logits [T, classes].
double mean_loss(std::span<const float> logits, std::span<const std::int32_t> labels);

template <typename Body>
RuleOutput run_each(Context& context, const OnlineBatch& batch, const Body& body) {
  const std::int64_t episodes = batch.episodes();
  RuleOutput output{.logits = Tensor::owning({episodes, batch.length(), batch.shape.classes}, DType::f32),
                    .loss = Tensor::owning({episodes}, DType::f32)};
  const std::span<float> logits = output.logits.span<float>();
  const auto size = static_cast<std::size_t>(batch.length() * batch.shape.classes);
  parallel_for(context.threads(), episodes, [&](std::int64_t e) {
    const std::span<float> of_episode = logits.subspan(static_cast<std::size_t>(e) * size, size);
    body(e, of_episode);
    output.loss.data<float>()[e] = static_cast<float>(mean_loss(of_episode, batch.labels_of(e)));
  });
  return output;
}

}  // namespace srwm
