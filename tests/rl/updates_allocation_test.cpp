// Updates take no memory from the heap after the first ones.
#include <catch2/catch.hpp>

#include "ops/backend.h"
#include "rl/rl_fixture.h"
#include "support/count_allocations.h"
#include "train/training_step.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("playing and learning do not allocate after warm-up", "[allocation]") {
  RlSpec spec = small_rl_spec();
  spec.env = {
      .library = SRWM_FAKE_ENV, .games = {"works"}, .actors = 6};  // takes nothing itself when an episode begins
  spec.test = {};
  spec.agent.channels = {4};
  spec.agent.core = GENERATE(CoreKind::feed_forward, CoreKind::lstm, CoreKind::srwm);
  CAPTURE(name_of(spec.agent.core));
  Context context(cpu_backend(), DType::f32, 2, 1);
  RlTask task(spec, context, EnvLibrary::open(spec.env.library));
  TrainingStep training(context, task, spec.loop(), spec.seed);
  const KeepGoing always = [] { return true; };
  const auto update = [&](std::int64_t step) {
    task.prepare(step, always);
    training.run(step);
    training.totals();
    task.done(step);
  };
  for (std::int64_t i = 0; i < 6; ++i) update(i);
  const std::size_t reserved = context.arena().reserved();
  CHECK(allocations_during([&] {
          for (std::int64_t i = 6; i < 30; ++i) update(i);
        }) == 0);
  CHECK(context.arena().reserved() == reserved);
}
