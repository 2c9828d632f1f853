#include "tasks/vsml/learning_rule.h"

#include <algorithm>

#include "core/error.h"
#include "tasks/vsml/baseline_rule.h"
#include "tasks/vsml/cloned_net_rule.h"
#include "tasks/vsml/online_net_rule.h"
#include "tasks/vsml/read_out.h"
#include "tasks/vsml/vsml_rule.h"

namespace srwm {

RuleOutput LearningRule::gradient(Context&, const OnlineBatch&, double, const TensorWatcher&) {
  throw InternalError("A rule that is not differentiable was asked for a gradient.");
}

std::int64_t LearningRule::cells(const EpisodeShape&) const {
  return 0;
}

Tensor LearningRule::first_cells(Context&, const OnlineBatch&) const {
  throw InternalError("A rule without cells was asked for its first ones.");
}

RuleCells LearningRule::cells_in(Context&, const EpisodeShape&, const Tensor&) const {
  throw InternalError("A rule without cells was asked for them.");
}

std::unique_ptr<LearningRule> make_rule(ParameterSet& parameters, const VsmlSpec& spec, const EpisodeShape& shape) {
  if (spec.model.kind == ModelKind::vsml) return std::make_unique<VsmlRule>(parameters, spec);
  if (spec.model.is_baseline()) return std::make_unique<BaselineRule>(parameters, spec, shape);
  if (spec.model.kind == ModelKind::cloned_sgd) return std::make_unique<ClonedNetRule>(spec);
  return std::make_unique<OnlineNetRule>(spec);
}

Tensor floats_on_host(Context& context, const Tensor& tensor) {
  Tensor host = context.on_host(tensor);
  if (host.dtype() == DType::f32) return host;
  Tensor narrow = Tensor::owning(host.shape(), DType::f32);
  std::ranges::transform(host.span<double>(), narrow.data<float>(), [](double x) { return static_cast<float>(x); });
  return narrow;
}

double episode_loss(std::span<const float> logits, std::span<const std::int32_t> labels, LossKind kind) {
  const std::size_t classes = logits.size() / labels.size();
  if (kind == LossKind::last) return cross_entropy(logits.last(classes), labels.back());
  double sum = 0;
  for (std::size_t t = 0; t < labels.size(); ++t) sum += cross_entropy(logits.subspan(t * classes, classes), labels[t]);
  return sum / static_cast<double>(labels.size());
}

std::size_t late_images(std::size_t length) {
  return std::max<std::size_t>(1, length / 10);
}

EpisodeAccuracy accuracy_of(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels) {
  const auto length = static_cast<std::size_t>(logits.dim(1)), classes = static_cast<std::size_t>(logits.dim(2));
  const std::size_t late = late_images(length), streams = labels.size() / length;
  const float* row = logits.data<float>() + static_cast<std::size_t>(run) * labels.size() * classes;
  std::int64_t right = 0, late_right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool hit = is_right({row + i * classes, classes}, labels[i]);
    right += hit ? 1 : 0;
    late_right += hit && i % length >= length - late ? 1 : 0;
  }
  return {.all = static_cast<double>(right) / static_cast<double>(labels.size()),
          .late = static_cast<double>(late_right) / static_cast<double>(late * streams)};
}

}  // namespace srwm
