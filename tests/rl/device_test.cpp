// The numerics of reinforcement learning on the CUDA backend against the CPU's: acting, loss, gradients, updates.
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "ops/cuda/backend.h"
#include "optim/rmsprop.h"
#include "tasks/rl/agent.h"
#include "tasks/rl/vtrace.h"

using namespace srwm;

namespace {

constexpr ImageShape frame{8, 8, 3};
constexpr std::int64_t batch = 3, steps = 4, actions = 5;

/// An agent that learns from made-up rollouts, carrying its state from one to the next.
class Learning {
 public:
  Learning(const Backend& backend, const AgentOptions& options)
      : context_(backend, DType::f32, 1, 9),
        set_(context_, 3),
        agent_(set_, options, frame, actions),
        optimizer_(context_, set_, {.clip_norm = 1}, {.rate = 1e-3}) {
    for (const Shape& shape : agent_.state_shapes(batch)) state_.push_back(context_.persistent(shape));
  }

  struct Outcome {
    std::vector<float> loss;  ///< and its parts
    std::vector<std::int32_t> sampled, greedy;
    double grad_norm = 0;
  };

  Outcome step(std::uint32_t number) {
    context_.rewind();
    context_.set_random_step(number);
    set_.zero_grad();
    RandomSequence numbers(4, Stream::init, number);
    const Shape rows{batch, steps + 1};
    const AgentInput input{
        .frames = drawn<std::uint8_t>({batch, steps + 1, 8, 8, 3}, [&] { return numbers.below(256); }),
        .rewards = drawn<float>(rows, [&] { return numbers.normal(); }),
        .is_first = drawn<std::uint8_t>(rows, [&] { return numbers.below(3) == 0 ? 1 : 0; }),
        .state = &state_};
    const Trajectory trajectory{.actions = drawn<std::int32_t>(rows, [&] { return numbers.below(actions); }),
                                .log_probs = drawn<float>(rows, [&] { return -1.6 + 0.5 * numbers.normal(); }),
                                .rewards = input.rewards,
                                .is_first = input.is_first};
    Outcome outcome;
    Tape tape(context_);
    const AgentOutput answer = agent_.forward(tape, input, {.training = true});
    const ActorCriticLoss loss = actor_critic_loss(tape, {}, answer.logits, answer.values, trajectory);
    tape.backward(loss.loss);
    outcome.sampled = taken(answer.logits.value(), false);
    outcome.greedy = taken(answer.logits.value(), true);
    outcome.grad_norm = optimizer_.step(context_).grad_norm;
    for (const Variable& part : {loss.loss, loss.policy, loss.baseline, loss.entropy}) {
      outcome.loss.push_back(*context_.on_host(part.value()).data<float>());
    }
    for (std::size_t i = 0; i < state_.size(); ++i) context_.copy(state_.at(i).value(), answer.state.at(i).value());
    return outcome;
  }

 private:
  template <typename T, typename Draw>
  Tensor drawn(Shape shape, const Draw& draw) {
    const Tensor host = Tensor::owning(shape, DTypeOf<T>::value), tensor = context_.empty(shape, DTypeOf<T>::value);
    for (T& value : host.span<T>()) value = static_cast<T>(draw());
    context_.upload(tensor, host.raw());
    return tensor;
  }

  std::vector<std::int32_t> taken(const Tensor& logits, bool greedy) {
    const std::int64_t rows = logits.dim(0);
    const SampleActions sample{.logits = logits,
                               .actions = context_.empty({rows}, DType::i32),
                               .log_probs = context_.empty({rows}, DType::f32),
                               .greedy = greedy,
                               .first_block = 7};
    context_.backend().updates.sample_actions(context_, sample);
    const Tensor host = context_.on_host(sample.actions);
    return {host.span<std::int32_t>().begin(), host.span<std::int32_t>().end()};
  }

  Context context_;
  ParameterSet set_;
  Agent agent_;
  RmsProp optimizer_;
  CoreState state_;
};

void check_device(const AgentOptions& options) {
  Learning cpu(cpu_backend(), options), device(cuda_backend(0), options);
  for (std::uint32_t number = 1; number <= 3; ++number) {
    const Learning::Outcome expected = cpu.step(number), found = device.step(number);
    for (std::size_t i = 0; i < expected.loss.size(); ++i) {
      CHECK(std::abs(found.loss[i] - expected.loss[i]) <= 1e-4 * (1 + std::abs(expected.loss[i])));
    }
    CHECK(std::abs(found.grad_norm - expected.grad_norm) <= 1e-3 * expected.grad_norm);
    CHECK(found.sampled == expected.sampled);
    CHECK(found.greedy == expected.greedy);
  }
}

}  // namespace

TEST_CASE("an agent learns on the device as on the CPU", "[device]") {
  const CoreKind core = GENERATE(from_range(std::begin(agent_core_kinds), std::end(agent_core_kinds)));
  const StateGradient gradient = GENERATE(from_range(std::begin(all_state_gradients), std::end(all_state_gradients)));
  CAPTURE(name_of(core), name_of(gradient));
  check_device({.channels = {4, 4},
                .features = 8,
                .core = core,
                .layers = 1,
                .heads = 2,
                .hidden = 16,
                .ff_inner = 8,
                .state_gradient = gradient});
}

TEST_CASE("rows are copied on the device, and pinned memory is sent to it", "[device]") {
  Context context(cuda_backend(0), DType::f32, 1, 9);
  const Tensor host = context.pinned({3, 2}, DType::i32), rows = context.persistent({3, 4, 2}, DType::i32);
  const Tensor column = context.persistent(host.shape(), DType::i32);
  for (std::int32_t step = 0; step < 4; ++step) {
    for (std::int32_t i = 0; i < 6; ++i) host.data<std::int32_t>()[i] = 100 * step + i;
    context.upload_pinned(column, host);
    context.queue().copy_rows(static_cast<std::int32_t*>(rows.raw()) + 2 * step, 4 * 8, column.raw(), 8, 8, 3);
    context.queue().synchronize();  // from here on `host` may change
  }
  std::vector<std::int32_t> found(24);
  context.download(found.data(), rows);
  for (std::int32_t row = 0; row < 3; ++row) {
    for (std::int32_t step = 0; step < 4; ++step) {
      for (std::int32_t i = 0; i < 2; ++i) {
        CHECK(found[static_cast<std::size_t>(8 * row + 2 * step + i)] == 100 * step + 2 * row + i);
      }
    }
  }
}
