#include "tasks/vsml/clone_training.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"

namespace srwm {
namespace {

/// Sub-RNNs that are trained by themselves are not part of a network: any will do for the sizes.
constexpr EpisodeShape any_shape{.inputs = 1, .classes = 1};

Vsml network_of(const VsmlRule& rule, const VsmlSpec& spec) {
  SRWM_CHECK(spec.model.separate_backward, "{} sets of parameters", 1);
  return rule.network(any_shape);
}

}  // namespace

CloneTraining::CloneTraining(Context& context, const VsmlSpec& spec, VsmlRule& rule)
    : rule_(rule),
      loss_(network_of(rule, spec), spec.clone_options),
      seed_(spec.seed),
      parts_(spec.train.batch / static_cast<std::int64_t>(sub_rnn_lanes)) {
  gradients_.resize(static_cast<std::size_t>(parts_ * loss_.parameters()));
  losses_.resize(static_cast<std::size_t>(parts_));
  std::vector<float> theta(static_cast<std::size_t>(loss_.parameters()));
  const Tensor packed = rule.pack(context);
  context.download(theta.data(), packed);
  initialize_clone(network_of(rule, spec), theta.data());
  context.upload(packed, theta.data());
  rule.unpack(context, packed);
}

/// Every part in a list of its own, added up in their order.
double CloneTraining::add_up(Context& context, std::int64_t number, Tensor& dL_dtheta) {
  const Tensor theta = context.on_host(rule_.pack(context));
  std::ranges::fill(gradients_, 0.0F);
  parallel_for(context.threads(), parts_, [&](std::int64_t part) {
    losses_[static_cast<std::size_t>(part)] =
        loss_.add_gradient(seed_, number, part, theta.data<float>(), 1.0 / static_cast<double>(parts_),
                           gradients_.data() + part * loss_.parameters());
  });
  dL_dtheta = context.empty({1, loss_.parameters()});
  for (std::int64_t part = 1; part < parts_; ++part) {
    const float* more = gradients_.data() + part * loss_.parameters();
    for (std::int64_t i = 0; i < loss_.parameters(); ++i) gradients_[static_cast<std::size_t>(i)] += more[i];
  }
  context.upload(dL_dtheta, gradients_.data());
  return std::accumulate(losses_.begin(), losses_.end(), 0.0) / static_cast<double>(parts_);
}

double CloneTraining::gradient(Context& context, std::int64_t number) {
  Tensor dL_dtheta;
  const double loss = add_up(context, number, dL_dtheta);
  rule_.unpack_gradient(context, dL_dtheta);
  return loss;
}

double CloneTraining::loss(Context& context, std::int64_t number) {
  Tensor dL_dtheta;
  return add_up(context, number, dL_dtheta);
}

}  // namespace srwm
