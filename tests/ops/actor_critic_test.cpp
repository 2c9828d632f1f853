#include "ops/actor_critic.h"

#include "ops/op_harness.h"
#include "ops/op_run.h"

namespace srwm::test {
namespace {

OpCase<ActorCritic> actor_critic_case(std::int64_t batch, std::int64_t steps, std::int64_t actions,
                                      std::uint64_t seed) {
  return {.name = fmt::format("{} sequences of {} steps, {} actions", batch, steps, actions),
          .op =
              [=](DType real) {
                return ActorCritic{.actions = random_labels({batch, steps}, actions, seed),
                                   .vs = normal_tensor({batch, steps - 1}, 2, 50, real),
                                   .advantages = normal_tensor({batch, steps - 1}, 1, 51, real),
                                   .baseline_cost = 0.5,
                                   .entropy_cost = 0.3};
              },
          .in = {operand({batch, steps, actions}), operand({batch, steps})},
          .seed = seed,
          .terms = batch * steps * actions,
          .differentiable = {true, false, false, false}};
}

std::vector<OpCase<ActorCritic>> cases() {
  return {actor_critic_case(1, 2, 2, 1), actor_critic_case(3, 5, 4, 2), actor_critic_case(33, 9, 15, 3)};
}
std::vector<OpCase<ActorCritic>> speed_cases() {
  return {actor_critic_case(32, 51, 15, 1)};
}

SRWM_TEST_OP(ActorCritic, cases, speed_cases)

TEST_CASE("ActorCritic refuses what does not fit", "[ops]") {
  const ActorCritic op = cases()[1].op(DType::f32);
  const Tensor logits = Tensor::owning({3, 5, 4}, DType::f32), values = Tensor::owning({3, 5}, DType::f32);
  CHECK_NOTHROW(op.plan({logits, values}));
  CHECK_THROWS_AS(op.plan({logits, Tensor::owning({3, 4}, DType::f32)}), ShapeError);
  CHECK_THROWS_AS(op.plan({Tensor::owning({3, 1, 4}, DType::f32), Tensor::owning({3, 1}, DType::f32)}), ShapeError);
  CHECK_THROWS_AS(op.plan({Tensor::owning({3, 6, 4}, DType::f32), Tensor::owning({3, 6}, DType::f32)}), ShapeError);
}

}  // namespace
}  // namespace srwm::test
