// Training steps take no memory from the heap after the first ones, and a long run does not grow.
#include <catch2/catch.hpp>
#include <malloc.h>

#include "fewshot/training_fixture.h"
#include "ops/backend.h"
#include "support/count_allocations.h"
#include "tasks/fewshot/learner.h"
#include "train/training_step.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("training steps do not allocate after warm-up", "[allocation]") {
  ExperimentSpec spec = small_spec();
  spec.model.core.kind = GENERATE(from_range(std::begin(fewshot_core_kinds), std::end(fewshot_core_kinds)));
  const auto kind = spec.model.core.kind;
  spec.protocol.queries = GENERATE(1, 2);
  if (spec.protocol.queries == 1) spec = GENERATE(small_spec(), small_sequential_spec());
  if (spec.protocol.queries == 2 && GENERATE(false, true)) spec = small_bootstrap_spec(BootstrapKind::kl);
  spec.model.core.kind = kind;
  CAPTURE(name_of(kind), spec.protocol.queries, name_of(spec.protocol.protocol), name_of(spec.bootstrap.kind));
  Context context(cpu_backend(), DType::f32, 2, 1);
  FewShotTask task(spec, context, std::make_shared<const FewShotData>(spec, "", 2));
  TrainingStep training(context, task, spec.loop(), spec.seed);
  const auto step = [&](std::int64_t index) {
    training.run(index);
    training.totals();
  };
  for (std::int64_t i = 0; i < 30; ++i) step(i);  // among them a sequence of every length
  const std::size_t reserved = context.arena().reserved();
  const auto in_use = mallinfo2().uordblks;
  const long allocations = allocations_during([&] {
    for (std::int64_t i = 30; i < 90; ++i) step(i);
  });
  CHECK(allocations == 0);
  CHECK(context.arena().reserved() == reserved);
  CHECK(mallinfo2().uordblks <= in_use + 4096);  // what C libraries take is counted here
}
