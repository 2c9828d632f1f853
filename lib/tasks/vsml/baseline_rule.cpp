#include "tasks/vsml/baseline_rule.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "tasks/vsml/theta.h"

namespace srwm {

BaselineRule::BaselineRule(ParameterSet& parameters, const VsmlSpec& spec, const EpisodeShape& shape)
    : options_(spec.model.baseline()),
      loss_(spec.episode.loss),
      shape_(shape),
      seed_(spec.seed),
      parameters_(parameters) {
  for (const BaselineParameter& parameter : baseline_parameters(options_, shape)) {
    if (parameter.deviation > 0) {
      parameters.truncated_normal(parameter.name, parameter.shape, parameter.deviation);
    } else {
      parameters.constant(parameter.name, parameter.shape, parameter.constant);
    }
  }
}

void BaselineRule::check_shape(const EpisodeShape& shape) const {
  if (shape == shape_) return;
  throw SpecError(
      "The model's weights are for {} inputs and {} classes, but a task has {} and {}. Give all tasks one shape, with "
      "data.pad for instance, or evaluate others with model.kind \"vsml\".",
      shape_.inputs, shape_.classes, shape.inputs, shape.classes);
}

/// As Haiku's VarianceScaling: the cut normals are scaled to the deviation that uncut ones would have.
std::vector<float> BaselineRule::fast_weights(const EpisodeId& id) const {
  if (options_.kind != BaselineKind::fwp) return {};
  constexpr double deviation_of_cut = 0.87962566103423978;
  const double scale = 1 / std::sqrt(static_cast<double>(options_.fast_size)) / deviation_of_cut;
  RandomSequence random(seed_, Stream::vsml_state, static_cast<std::uint32_t>(id.number));
  std::vector<float> fast(static_cast<std::size_t>(options_.fast_size * shape_.classes));
  for (float& value : fast) value = static_cast<float>(scale * random.truncated_normal());
  return fast;
}

RuleOutput BaselineRule::run(Context& context, const OnlineBatch& batch, const Tensor& theta) {
  check_shape(batch.shape);
  const Tensor rows = floats_on_host(context, theta.absent() ? pack_theta(context, parameters_) : theta);
  const std::int64_t groups = rows.dim(0), runs = std::max(groups, batch.episodes());
  const auto learn = [&](std::int64_t run, std::int64_t e, std::span<float> logits) {
    const float* of_run = rows.data<float>() + run / (runs / groups) * rows.dim(1);
    const std::vector<float> fast = fast_weights(batch.ids[static_cast<std::size_t>(e)]);
    const auto net = make_baseline_net<float>(options_, shape_, of_run, fast);
    run_baseline<float>(*net, options_.bound, batch.inputs_of(e), batch.labels_of(e), logits);
  };
  return run_each(context, batch, runs, loss_, learn);
}

}  // namespace srwm
