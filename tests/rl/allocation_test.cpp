// Acting and learning take no memory from the heap after the first pass.
#include <catch2/catch.hpp>

#include "ops/backend.h"
#include "optim/rmsprop.h"
#include "support/count_allocations.h"
#include "tasks/rl/agent.h"
#include "tasks/rl/vtrace.h"

using namespace srwm;
using namespace srwm::test;

namespace {

constexpr std::int64_t batch = 3, steps = 5, actions = 4;

class Learning {
 public:
  explicit Learning(const AgentOptions& options)
      : context_(cpu_backend(), DType::f32, 2, 1),
        set_(context_, 1),
        agent_(set_, options, {8, 8, 3}, actions),
        optimizer_(context_, set_, {}, {}),
        input_{Tensor::owning({batch, steps, 8, 8, 3}, DType::u8), Tensor::owning({batch, steps}, DType::f32),
               Tensor::owning({batch, steps}, DType::u8)},
        trajectory_{Tensor::owning({batch, steps}, DType::i32), Tensor::owning({batch, steps}, DType::f32),
                    input_.rewards, input_.is_first},
        stats_(Tensor::owning({StepStats::sums}, DType::f64)) {
    for (const Shape& shape : agent_.state_shapes(batch)) state_.push_back(context_.persistent(shape));
    input_.state = &state_;
    input_.is_first.data<std::uint8_t>()[2] = 1;
  }

  void act() {
    context_.rewind();
    context_.set_random_step(1);
    Tape tape(context_, Tape::Mode::forward_only);
    const AgentOutput output = agent_.forward(tape, input_, {});
    const SampleActions sample{.logits = output.logits.value(),
                               .actions = trajectory_.actions.reshaped({batch * steps}),
                               .log_probs = trajectory_.log_probs.reshaped({batch * steps})};
    context_.backend().updates.sample_actions(context_, sample);
  }

  void learn() {
    context_.rewind();
    set_.zero_grad();
    Tape tape(context_);
    const AgentOutput output = agent_.forward(tape, input_, {.training = true});
    tape.backward(actor_critic_loss(tape, {}, output.logits, output.values, trajectory_).loss);
    optimizer_.prepare(context_);
    optimizer_.apply(context_, stats_);
  }

 private:
  Context context_;
  ParameterSet set_;
  Agent agent_;
  RmsProp optimizer_;
  CoreState state_;
  AgentInput input_;
  Trajectory trajectory_;
  Tensor stats_;
};

}  // namespace

TEST_CASE("acting and learning do not allocate after warm-up", "[allocation]") {
  const CoreKind core = GENERATE(from_range(std::begin(agent_core_kinds), std::end(agent_core_kinds)));
  const CarryKind carry = GENERATE(CarryKind::episode, CarryKind::step);
  const StateGradient gradient = GENERATE(from_range(std::begin(all_state_gradients), std::end(all_state_gradients)));
  CAPTURE(name_of(core), name_of(carry), name_of(gradient));
  Learning learning({.channels = {4},
                     .features = 8,
                     .core = core,
                     .layers = 2,
                     .heads = 2,
                     .hidden = 16,
                     .ff_inner = 8,
                     .carry = carry,
                     .state_gradient = gradient});
  const auto pass = [&] {
    learning.act();
    learning.learn();
  };
  pass();
  pass();
  CHECK(allocations_during([&] {
          for (int i = 0; i < 5; ++i) pass();
        }) == 0);
}
