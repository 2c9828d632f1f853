#include "ops/actor_critic.h"

namespace srwm {

OutputSpecs<ActorCritic::outputs> ActorCritic::plan(const Tensors<inputs>& in) const {
  expect_real(name, "logits", in[logits], 3);
  const DType real = in[logits].dtype();
  const std::int64_t batch = in[logits].dim(0), steps = in[logits].dim(1);
  if (batch < 1 || steps < 2 || in[logits].dim(2) < 1) {
    shape_error(name, "logits", "at least one sequence of two steps and one action", in[logits].shape().to_string());
  }
  expect_tensor(name, "values", in[values], {batch, steps}, real);
  expect_tensor(name, "actions", actions, {batch, steps}, DType::i32);
  expect_tensor(name, "vs", vs, {batch, steps - 1}, real);
  expect_tensor(name, "advantages", advantages, {batch, steps - 1}, real);
  const OutputSpec number{{1}, real};
  return {{number, number, number, number}};
}

}  // namespace srwm
