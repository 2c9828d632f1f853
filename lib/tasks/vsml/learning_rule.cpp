#include "tasks/vsml/learning_rule.h"

#include <algorithm>

#include "core/error.h"
#include "tasks/vsml/cloned_net_rule.h"
#include "tasks/vsml/online_net_rule.h"
#include "tasks/vsml/read_out.h"
#include "tasks/vsml/vsml_rule.h"

namespace srwm {

RuleOutput LearningRule::gradient(Context&, const OnlineBatch&, double, const TensorWatcher&) {
  throw InternalError("A rule that is not differentiable was asked for a gradient.");
}

std::unique_ptr<LearningRule> make_rule(ParameterSet& parameters, const VsmlSpec& spec) {
  if (spec.model.kind == ModelKind::vsml) return std::make_unique<VsmlRule>(parameters, spec);
  if (spec.model.kind == ModelKind::cloned_sgd) return std::make_unique<ClonedNetRule>(spec);
  return std::make_unique<OnlineNetRule>(spec);
}

Tensor logits_on_host(Context& context, const RuleOutput& output) {
  Tensor logits = context.on_host(output.logits);
  if (logits.dtype() == DType::f32) return logits;
  Tensor narrow = Tensor::owning(logits.shape(), DType::f32);
  std::ranges::transform(logits.span<double>(), narrow.data<float>(), [](double x) { return static_cast<float>(x); });
  return narrow;
}

double mean_loss(std::span<const float> logits, std::span<const std::int32_t> labels) {
  const std::size_t classes = logits.size() / labels.size();
  double sum = 0;
  for (std::size_t t = 0; t < labels.size(); ++t) sum += cross_entropy(logits.subspan(t * classes, classes), labels[t]);
  return sum / static_cast<double>(labels.size());
}

std::size_t late_images(std::size_t length) {
  return std::max<std::size_t>(1, length / 10);
}

EpisodeAccuracy accuracy_of(const Tensor& logits, std::int64_t run, std::span<const std::int32_t> labels) {
  const std::int64_t length = logits.dim(1), classes = logits.dim(2);
  const float* row = logits.data<float>() + run * length * classes;
  const auto late = static_cast<std::int64_t>(late_images(labels.size()));
  std::int64_t right = 0, late_right = 0;
  for (std::int64_t t = 0; t < length; ++t) {
    const bool hit =
        is_right({row + t * classes, static_cast<std::size_t>(classes)}, labels[static_cast<std::size_t>(t)]);
    right += hit ? 1 : 0;
    late_right += hit && t >= length - late ? 1 : 0;
  }
  return {.all = static_cast<double>(right) / static_cast<double>(length),
          .late = static_cast<double>(late_right) / static_cast<double>(late)};
}

}  // namespace srwm
