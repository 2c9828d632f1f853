#include "ops/actor_critic.h"

#include "kernels/actor_critic.h"
#include "ops/cuda/actor_critic.h"
#include "ops/cuda/grad.h"

namespace srwm::cuda {
namespace {

TrajectorySizes sizes_of(const Tensor& logits) {
  return {.batch = static_cast<int>(logits.dim(0)),
          .steps = static_cast<int>(logits.dim(1)) - 1,
          .actions = static_cast<int>(logits.dim(2))};
}

ActorCriticLaunch launch_of(const ActorCritic& op, const Tensors<ActorCritic::inputs>& in) {
  return {.sizes = sizes_of(in[ActorCritic::logits]),
          .logits = in[ActorCritic::logits].data<float>(),
          .values = in[ActorCritic::values].data<float>(),
          .taken = op.actions.data<std::int32_t>(),
          .vs = op.vs.data<float>(),
          .advantages = op.advantages.data<float>(),
          .baseline_cost = static_cast<float>(op.baseline_cost),
          .entropy_cost = static_cast<float>(op.entropy_cost)};
}

void forward(Context& context, const Forward<ActorCritic>& f) {
  f.saved.log_probs = context.empty(f.in[ActorCritic::logits].shape());
  const Tensor partial = context.empty({3, f.op.vs.numel()});
  actor_critic(stream_of(context), {.of = launch_of(f.op, f.in),
                                    .log_pi = f.saved.log_probs.data<float>(),
                                    .partial = partial.data<float>(),
                                    .loss = f.out[ActorCritic::loss].data<float>(),
                                    .policy = f.out[ActorCritic::policy].data<float>(),
                                    .baseline = f.out[ActorCritic::baseline].data<float>(),
                                    .entropy = f.out[ActorCritic::entropy].data<float>()});
}

void backward(Context& context, const Backward<ActorCritic>& g) {
  const Grad &logits = g.dL_din[ActorCritic::logits], &values = g.dL_din[ActorCritic::values];
  const Tensor& dL_dloss = g.dL_dout[ActorCritic::loss];
  if (dL_dloss.absent()) {  // the parts have no gradient
    sum_into(context, logits);
    sum_into(context, values);
    return;
  }
  actor_critic_backward(stream_of(context), {.of = launch_of(g.op, g.in),
                                             .log_pi = g.saved.log_probs.data<float>(),
                                             .dL_dloss = dL_dloss.data<float>(),
                                             .dL_dlogits = logits.wanted() ? logits.value.data<float>() : nullptr,
                                             .accumulate_logits = accumulates(logits),
                                             .dL_dvalues = values.wanted() ? values.value.data<float>() : nullptr,
                                             .accumulate_values = accumulates(values)});
}

}  // namespace

Body<ActorCritic> body_of(Tag<ActorCritic>) {
  return {forward, backward};
}

void vtrace_body(Context& context, const VTrace& v) {
  v.check();
  const VTraceOptions& o = v.options;
  vtrace(stream_of(context), {.sizes = sizes_of(v.logits),
                              .logits = v.logits.data<float>(),
                              .values = v.values.data<float>(),
                              .taken = v.actions.data<std::int32_t>(),
                              .log_mu = v.log_probs.data<float>(),
                              .rewards = v.rewards.data<float>(),
                              .is_first = v.is_first.data<std::uint8_t>(),
                              .discount = static_cast<float>(o.discount),
                              .reward_limit = static_cast<float>(o.reward_limit),
                              .rho_clip = static_cast<float>(o.rho_clip),
                              .c_clip = static_cast<float>(o.c_clip),
                              .pg_rho_clip = static_cast<float>(o.pg_rho_clip),
                              .rhos = context.empty(v.values.shape()).data<float>(),
                              .vs = v.vs.data<float>(),
                              .advantages = v.advantages.data<float>()});
}

void sample_actions_body(Context& context, const SampleActions& s) {
  s.check();
  const RandomStep random = context.random(Stream::actions);
  SRWM_CHECK(s.greedy || context.device_random_step() != nullptr, "actions are drawn before a random step is set");
  sample_actions(stream_of(context), {.logits = s.logits.data<float>(),
                                      .rows = s.logits.dim(0),
                                      .actions = static_cast<int>(s.logits.dim(1)),
                                      .greedy = s.greedy,
                                      .key0 = random.key()[0],
                                      .key1 = random.key()[1],
                                      .stream = random.counter(0)[3],
                                      .step = context.device_random_step(),
                                      .first_block = s.first_block,
                                      .taken = s.actions.data<std::int32_t>(),
                                      .log_probs = s.log_probs.data<float>()});
}

}  // namespace srwm::cuda
