// Updates take no memory from the heap after the first ones.
#include <catch2/catch.hpp>

#include "ops/backend.h"
#include "rl/learner.h"
#include "rl/playground.h"
#include "rl/rl_fixture.h"
#include "support/count_allocations.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("playing and learning do not allocate after warm-up", "[allocation]") {
  RlSpec spec = small_rl_spec();
  spec.env = {
      .library = SRWM_FAKE_ENV, .games = {"works"}, .actors = 6};  // takes nothing itself when an episode begins
  spec.agent.channels = {4};
  spec.agent.core = GENERATE(CoreKind::feed_forward, CoreKind::lstm, CoreKind::srwm);
  CAPTURE(name_of(spec.agent.core));
  Context context(cpu_backend(), DType::f32, 2, 1);
  Playground::Groups groups = make_groups(context, spec, EnvLibrary::open(spec.env.library));
  RlLearner learner(context, spec, groups.front()->frame(), groups.front()->actions());
  Playground playground(context, learner.agent(), spec, std::move(groups));
  PlayReport report(1);
  const auto update = [&](std::int64_t number) {
    learner.gradient(context, playground.batch());
    playground.change_agent(number, [&] { learner.update(context, 1e-4); });
    learner.totals(context);
    playground.done();
    playground.collect(report);
  };
  for (std::int64_t i = 0; i < 6; ++i) update(i);
  const std::size_t reserved = context.arena().reserved();
  CHECK(allocations_during([&] {
          for (std::int64_t i = 6; i < 30; ++i) update(i);
        }) == 0);
  CHECK(context.arena().reserved() == reserved);
}
