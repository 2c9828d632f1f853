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
    const auto net = make_baseline_net<float>(options_, shape_, {of_run}, fast);
    run_baseline<float>(*net, options_.bound, batch.inputs_of(e), batch.labels_of(e), logits);
  };
  return run_each(context, batch, runs, loss_, learn);
}

/// Gradients of a few episodes at a time, added up in the order of the episodes.
RuleOutput BaselineRule::gradient(Context& context, const OnlineBatch& batch, double weight, const TensorWatcher&) {
  check_shape(batch.shape);
  constexpr std::int64_t at_once = 16;
  const Tensor theta = floats_on_host(context, pack_theta(context, parameters_));
  const auto n = static_cast<std::size_t>(theta.numel()), length = static_cast<std::size_t>(batch.length());
  std::vector<double> weights(length, loss_ == LossKind::mean ? weight / static_cast<double>(length) : 0);
  if (loss_ == LossKind::last) weights.back() = weight;
  std::vector<float> sum(n), partial;
  RuleOutput output{.logits = Tensor::owning({batch.episodes(), batch.length(), shape_.classes}, DType::f32),
                    .loss = Tensor::owning({batch.episodes()}, DType::f32)};
  const std::size_t size = length * static_cast<std::size_t>(shape_.classes);
  for (std::int64_t first = 0; first < batch.episodes(); first += at_once) {
    const std::int64_t count = std::min(at_once, batch.episodes() - first);
    partial.assign(static_cast<std::size_t>(count) * n, 0);
    parallel_for(context.threads(), count, [&](std::int64_t i) {
      const std::int64_t e = first + i;
      const std::span<float> logits = output.logits.span<float>().subspan(static_cast<std::size_t>(e) * size, size);
      const std::vector<float> fast = fast_weights(batch.ids[static_cast<std::size_t>(e)]);
      float* gradient = partial.data() + static_cast<std::size_t>(i) * n;
      const auto net = make_baseline_net<float>(options_, shape_, {theta.data<float>(), gradient}, fast);
      run_baseline<float>(*net, options_.bound, batch.inputs_of(e), batch.labels_of(e), logits);
      baseline_backward<float>(*net, options_.bound, batch.labels_of(e), logits, weights);
      output.loss.data<float>()[e] = static_cast<float>(episode_loss(logits, batch.labels_of(e), loss_));
    });
    for (std::size_t i = 0; i < partial.size(); ++i) sum[i % n] += partial[i];
  }
  add_theta_gradient(context, parameters_, floats_to_device(context, sum.data(), {1, theta.numel()}));
  return output;
}

}  // namespace srwm
