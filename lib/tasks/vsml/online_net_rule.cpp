#include "tasks/vsml/online_net_rule.h"

#include "core/error.h"

namespace srwm {

OnlineNetRule::OnlineNetRule(const VsmlSpec& spec) : options_(spec.model.online_net()), seed_(spec.seed) {}

RuleOutput OnlineNetRule::run(Context& context, const OnlineBatch& batch, const Tensor& theta) {
  SRWM_CHECK(theta.absent(), "parameters {} for a rule that has none", theta.shape().to_string());
  const OnlineNet net(options_, batch.shape.inputs, batch.shape.classes, seed_);
  const auto learn = [&](std::int64_t, std::int64_t e, std::span<float> logits) {
    net.learn(batch.inputs_of(e), batch.labels_of(e), logits);
  };
  return run_each(context, batch, batch.episodes(), LossKind::mean, learn);
}

}  // namespace srwm
