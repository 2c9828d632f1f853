#include "tasks/fewshot/evaluator.h"

#include <cmath>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "fewshot/training_fixture.h"
#include "io/hdf5.h"
#include "ops/backend.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Fixture {
  ExperimentSpec spec = small_spec();
  Context context{cpu_backend(), DType::f32, 2};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the outcome does not depend on the batch size", "[evaluator]") {
  spec.protocol.queries = GENERATE(1, 3);
  const FewShotData data(spec, "", 2);
  FewShotLearner learner(context, spec, data.image_shape());
  const auto source = data.drawn(Split::test, 0);
  const Evaluation one = evaluate(context, learner, *source, 20, 1), many = evaluate(context, learner, *source, 20, 7);
  CHECK(one.episodes == 20);
  CHECK(one.accuracy == many.accuracy);
  CHECK(one.ci95 == many.ci95);
  CHECK(one.loss == Approx(many.loss).epsilon(1e-5));
}

TEST_CASE_METHOD(Fixture, "accuracy and interval follow from the predictions", "[evaluator]") {
  const FewShotData data(spec, "", 2);
  FewShotLearner learner(context, spec, data.image_shape());
  std::int64_t correct = 0, episodes = 0;
  const auto count = [&](const Prediction& prediction) {
    for (std::int64_t e = 0; e < prediction.targets.numel(); ++e, ++episodes) {
      const float* row = prediction.logits.data<float>() + e * 3;
      correct += std::max_element(row, row + 3) - row == prediction.targets.data<std::int32_t>()[e];
    }
  };
  const Evaluation result = evaluate(context, learner, *data.drawn(Split::test, 0), 50, 8, count);
  REQUIRE(episodes == 50);
  const double p = static_cast<double>(correct) / 50;
  CHECK(result.accuracy == Approx(p));
  CHECK(result.ci95 == Approx(1.96 * std::sqrt(p * (1 - p) / 49)));
}

TEST_CASE_METHOD(Fixture, "sequences are evaluated by position and by shot, queries are not", "[evaluator]") {
  spec.protocol.k_shot = 2;
  spec.protocol.protocol = GENERATE(Protocol::sync, Protocol::delayed);
  const bool sync = spec.protocol.protocol == Protocol::sync;
  const FewShotData data(spec, "", 2);
  FewShotLearner learner(context, spec, data.image_shape());
  const auto source = data.drawn(Split::test, 0);
  const Evaluation one = evaluate(context, learner, *source, 20, 1), many = evaluate(context, learner, *source, 20, 7);
  CHECK(to_json(one)["accuracy_by_position"] == to_json(many)["accuracy_by_position"]);
  CHECK(to_json(one).contains("accuracy_by_shot") == !sync);
  CHECK(describe_series(one).empty() == sync);
  CHECK(one.sequence.by_position.size() == (sync ? 0 : 6));
  CHECK(one.sequence.by_shot.size() == (sync ? 0 : 2));
  if (sync) return;
  double mean = 0;
  for (const RunningMean& position : one.sequence.by_position) mean += position.mean() / 6;
  CHECK(mean == Approx(one.accuracy));
  CHECK((one.sequence.by_shot[0].mean() + one.sequence.by_shot[1].mean()) / 2 == Approx(one.accuracy));
}

TEST_CASE_METHOD(Fixture, "two tasks are evaluated each and in either order", "[evaluator]") {
  spec = small_sequential_spec();
  const FewShotData data(spec, "", 2);
  FewShotLearner learner(context, spec, data.image_shape());
  const auto source = data.drawn(Split::test, 0);
  const Evaluation one = evaluate(context, learner, *source, 21, 1), many = evaluate(context, learner, *source, 21, 8);
  const nlohmann::ordered_json figures = to_json(one);
  CHECK(figures["tasks"] == to_json(many)["tasks"]);
  CHECK(figures["orders"] == to_json(many)["orders"]);
  CHECK(!figures.contains("accuracy_by_position"));
  CHECK(figures["orders"][0]["name"] == "glyphs, then glyphs (second)");
  CHECK(figures["orders"][0]["episodes"] == 11);
  CHECK(figures["orders"][1]["accuracy_by_position"].size() == 12);
  CHECK(figures["orders"][1]["tasks"][0]["name"] == "glyphs (second)");
  CHECK(figures["orders"][1]["tasks"][0]["accuracy_by_shot"].size() == 2);
  CHECK((figures["tasks"][0]["accuracy"].get<double>() + figures["tasks"][1]["accuracy"].get<double>()) / 2 ==
        Approx(one.accuracy));
}

TEST_CASE_METHOD(Fixture, "predictions are written per episode", "[evaluator]") {
  spec.protocol.protocol = GENERATE(Protocol::sync, Protocol::delayed);
  const bool sync = spec.protocol.protocol == Protocol::sync;
  const FewShotData data(spec, "", 2);
  FewShotLearner learner(context, spec, data.image_shape());
  PredictionFile predictions(10, 3);
  evaluate(context, learner, *data.drawn(Split::test, 0), 10, 4, [&](const Prediction& p) { predictions.add(p); });
  TempDir folder;
  predictions.write(folder.path() / "p.h5", "test");
  const hdf5::File file = hdf5::File::open(folder.path() / "p.h5");
  CHECK(hdf5::expect_format(file, "predictions", 1) == 1);
  CHECK(file.shape("/logits") == (sync ? Shape{10, 3} : Shape{10, 3, 3}));
  CHECK(file.shape("/labels") == (sync ? Shape{10} : Shape{10, 3}));
}
