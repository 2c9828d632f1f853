#include "tasks/rl/agent.h"

#include "nn/carried_core.h"
#include "ops/append_column.h"

namespace srwm {
namespace {

constexpr double seen_reward_limit = 1;

CoreOptions core_options(const AgentOptions& options) {
  return {.kind = options.core,
          .layers = options.layers,
          .heads = options.heads,
          .hidden = options.hidden,
          .layer_norm = false,
          .input_softmax = options.input_softmax,
          .beta_init = options.beta_init,
          .key_eps = 1e-5,
          .input_norm = options.layer_norm,
          .ff_inner = options.ff_inner,
          .names = CoreNames::agent};
}

std::unique_ptr<SequenceCore> make_agent_core(ParameterSet& set, const AgentOptions& options, DropoutSites& sites) {
  const std::int64_t features = options.features + 1;  // and the last reward
  return carry(make_core(set, core_options(options), features, sites), options.carry, options.state_gradient);
}

}  // namespace

Agent::Agent(ParameterSet& set, const AgentOptions& options, const ImageShape& frame, std::int64_t actions)
    : frame_(frame),
      actions_(actions),
      encoder_(set, options.channels, options.features, frame),
      core_(make_agent_core(set, options, sites_)),
      policy_(set, "policy", core_->width(), actions),
      baseline_(set, "baseline", core_->width(), 1) {}

std::vector<Shape> Agent::state_shapes(std::int64_t batch) const {
  return core_->state_shapes(batch);
}

Variable Agent::features(Tape& tape, const AgentInput& input, ForwardMode mode) const {
  Context& context = tape.context();
  const std::int64_t count = input.frames.dim(0) * input.frames.dim(1);
  const Shape images{count, frame_.height, frame_.width, frame_.channels};
  const Tensor pixels = context.empty(images);
  context.backend().updates.gather_images(context, {.images = input.frames.reshaped(images), .out = pixels});
  const AppendColumn reward{.column = input.rewards.reshaped({count}), .limit = seen_reward_limit};
  return tape.apply(reward, {encoder_(tape, pixels, mode)})[0];
}

AgentOutput Agent::forward(Tape& tape, const AgentInput& input, ForwardMode mode) const {
  const std::int64_t batch = input.frames.dim(0), steps = input.frames.dim(1);
  expect_tensor("agent", "frames", input.frames, {batch, steps, frame_.height, frame_.width, frame_.channels},
                DType::u8);
  expect_tensor("agent", "rewards", input.rewards, {batch, steps}, DType::f32);
  const Variable x = features(tape, input, mode);
  const CoreInput sequence{
      .x = x.reshaped({batch, steps, x.shape()[1]}), .state = input.state, .reset = input.is_first};
  const CoreOutput core = core_->forward(tape, sequence, mode);
  return {.logits = policy_(tape, core.y),
          .values = baseline_(tape, core.y).reshaped({batch * steps}),
          .state = core.state};
}

}  // namespace srwm
