// Optimizer steps of several passes, on a few-shot model.
#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "fewshot/training_fixture.h"
#include "train/training_step.h"

using namespace srwm;
using namespace srwm::test;

namespace {

std::vector<float> values_of(const Tensor& tensor) {
  const auto values = tensor.span<float>();
  return {values.begin(), values.end()};
}

/// A few-shot task that takes `passes` passes a step.
struct Steps {
  explicit Steps(std::int64_t passes) : Steps(LoopOptions{.accumulate = passes}) {}
  explicit Steps(const LoopOptions& loop)
      : context(cpu_backend(), DType::f32, 2, 1),
        task(small_spec(), context, std::make_shared<const FewShotData>(small_spec(), "", 2)),
        step(context, task, loop, 1) {}

  std::vector<std::vector<float>> gradients() {
    std::vector<std::vector<float>> list;
    for (const Parameter& p : task.parameters().parameters()) list.push_back(values_of(p.slot.grad));
    return list;
  }

  Context context;
  FewShotTask task;
  TrainingStep step;
};

}  // namespace

TEST_CASE("a step of three passes adds up what each of them does alone", "[train]") {
  Steps together(3), alone(1);
  together.step.run_passes(0);
  std::vector<std::vector<float>> sum;
  for (std::int64_t pass = 0; pass < 3; ++pass) {
    alone.step.run_passes(pass);
    const auto gradients = alone.gradients();
    if (pass == 0) sum = gradients;
    for (std::size_t p = 0; pass > 0 && p < sum.size(); ++p) {
      for (std::size_t i = 0; i < sum[p].size(); ++i) sum[p][i] += gradients[p][i];
    }
  }
  CHECK(together.gradients() == sum);  // (0 + 1) + 2 is that order
  CHECK(together.step.totals().loss == alone.step.totals().loss);
  CHECK(together.step.totals().sums == alone.step.totals().sums);
}

TEST_CASE("running statistics of several passes are those of the passes one after the other", "[train]") {
  Steps together(3), alone(1);
  together.step.run(0);
  for (std::int64_t pass = 0; pass < 3; ++pass) alone.step.run_passes(pass);
  const auto& expected = alone.task.parameters().states();
  REQUIRE_FALSE(expected.empty());
  std::size_t i = 0;
  for (const StateTensor& state : together.task.parameters().states()) {
    const auto found = values_of(state.value), wanted = values_of(expected[i++].value);
    REQUIRE(found.size() == wanted.size());
    for (std::size_t c = 0; c < found.size(); ++c) CHECK(found[c] == Approx(wanted[c]).epsilon(1e-5));
  }
}

TEST_CASE("members of a population move no running statistics, and share data and dropout", "[train][evolution]") {
  // The noise vanishes in float32, so that both members are theta.
  Steps population({.gradient = GradientSource::evolution, .evolution = {.population = 3, .noise = 1e-30}}), alone(1);
  population.step.run_passes(0);
  for (const std::vector<float>& gradient : population.gradients()) {
    CHECK(std::ranges::count(gradient, 0.0f) == static_cast<std::ptrdiff_t>(gradient.size()));
  }
  alone.context.set_random_step(0);
  alone.task.stage({0, 0, 0});
  alone.task.loss();
  const auto& expected = alone.task.parameters().states();
  REQUIRE_FALSE(expected.empty());
  std::size_t i = 0;
  for (const StateTensor& state : population.task.parameters().states()) {
    CHECK(values_of(state.value) == values_of(expected[i++].value));
  }
}

TEST_CASE("the loss without a gradient is that with one", "[train]") {
  Steps steps(1);
  steps.context.set_random_step(0);
  steps.task.stage({0, 0, 0});
  const float with = *steps.task.gradient().loss.data<float>();
  steps.task.stage({0, 0, 0});
  CHECK(*steps.task.loss().loss.data<float>() == with);
}
