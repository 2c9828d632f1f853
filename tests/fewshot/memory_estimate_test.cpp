#include "tasks/fewshot/memory_estimate.h"

#include <catch2/catch.hpp>

#include "fewshot/training_fixture.h"
#include "tasks/fewshot/learner.h"

using namespace srwm;
using namespace srwm::test;

TEST_CASE("the memory of a pass is foretold from one and two episodes", "[memory]") {
  ExperimentSpec spec = GENERATE(small_spec(), small_sequential_spec(), small_bootstrap_spec(BootstrapKind::kl));
  spec.protocol.max_trim = 0;
  spec.train.batch = 24;
  const FewShotData data(spec, "", 1);
  const MemoryEstimate estimate = estimate_memory(spec, 1, data);
  Context context(cpu_backend(), DType::f32, 1, spec.seed);
  FewShotLearner learner(context, spec, data.image_shape());
  EpisodeBatch batch;
  data.training().batch(0, spec.train.batch, batch);
  learner.accumulate_gradient(context, batch, data.training().pool());
  const auto taken = static_cast<double>(context.arena().peak());
  CHECK(estimate.step > 0.9 * taken);
  CHECK(estimate.step < 1.1 * taken);
  CHECK(estimate.state == 16.0 * static_cast<double>(learner.parameters().count()));
}
