#include "tasks/rl/policy_runner.h"

#include "autograd/tape.h"
#include "ops/backend.h"

namespace srwm {

PolicyRunner::PolicyRunner(Context& context, const Agent& agent, const EnvGroup& group) : agent_(&agent) {
  for (const Shape& shape : agent.state_shapes(group.size())) state_.push_back(context.persistent(shape));
}

PolicyRunner::Choice PolicyRunner::choose(Context& context, const EnvGroup& group, std::uint32_t number,
                                          std::int64_t first_env, bool greedy) {
  context.rewind();
  context.set_random_step(number);
  const std::int64_t n = group.size();
  const FrameShape frame = group.frame();
  CoreState state;
  for (const Tensor& tensor : state_) state.push_back(tensor);
  Tape tape(context, Tape::Mode::forward_only);
  const AgentInput input{.frames = group.frames().reshaped({n, 1, frame.height, frame.width, frame.channels}),
                         .rewards = group.rewards().reshaped({n, 1}),
                         .is_first = group.is_first().reshaped({n, 1}),
                         .state = &state};
  const AgentOutput output = agent_->forward(tape, input, {.training = false});
  Choice choice{context.empty({n}, DType::i32), context.empty({n}, DType::f32)};
  context.backend().updates.sample_actions(context, {.logits = output.logits.value(),
                                                     .actions = choice.actions,
                                                     .log_probs = choice.log_probs,
                                                     .greedy = greedy,
                                                     .first_block = static_cast<std::uint64_t>(first_env)});
  for (std::size_t i = 0; i < state_.size(); ++i) context.copy(state_[i], output.state.at(i).value());
  return choice;
}

void PolicyRunner::forget(Context& context) {
  for (const Tensor& tensor : state_) context.queue().zero(tensor.raw(), tensor.bytes());
}

}  // namespace srwm
