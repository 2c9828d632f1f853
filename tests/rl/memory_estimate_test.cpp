#include "tasks/rl/memory_estimate.h"

#include <catch2/catch.hpp>

#include "ops/backend.h"
#include "rl/rl_fixture.h"
#include "tasks/rl/rl_task.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("the memory of an update is foretold from one and two unrolls", "[memory]") {
  RlSpec spec = small_rl_spec();
  spec.train.batch = 24;
  spec.env.actors = 24;
  const auto library = EnvLibrary::open(spec.env.library, "");
  const MemoryEstimate estimate = estimate_memory(spec, 1, library);
  Context context(cpu_backend(), DType::f32, 1, spec.seed);
  RlTask task(spec, context, library);
  REQUIRE(task.prepare(0, [] { return true; }));
  task.stage({0, 0, 0});
  task.gradient();
  const auto taken = static_cast<double>(context.arena().peak());
  CHECK(estimate.step > 0.9 * taken);
  CHECK(estimate.step < 1.1 * taken);
}

TEST_CASE("what waits in rings counts as state", "[memory]") {
  RlSpec spec = small_rl_spec();
  const auto library = EnvLibrary::open(spec.env.library, "");
  const double before = estimate_memory(spec, 1, library).state;
  spec.env.actors *= 10;
  const double more = estimate_memory(spec, 1, library).state - before;
  const double frames = 9.0 * static_cast<double>(spec.env.actors / 10 * (spec.train.unroll + 1)) * 16 * 16 * 3;
  CHECK(more > 0.5 * frames);
}
