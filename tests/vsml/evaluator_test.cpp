#include "tasks/vsml/evaluator.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ops/backend.h"
#include "tasks/vsml/measures.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;

namespace {

/// Right on every image from the fourth of an episode on; the first numbers of a run may be no numbers.
class KnownRule final : public LearningRule {
 public:
  float wrong = 0;
  RuleOutput run(Context&, const OnlineBatch& batch, const Tensor& theta) override {
    CHECK(theta.absent());
    RuleOutput output{.logits = Tensor::owning({batch.episodes(), batch.length(), batch.shape.classes}, DType::f32),
                      .loss = Tensor::owning({batch.episodes()}, DType::f32)};
    for (std::int64_t e = 0; e < batch.episodes(); ++e) {
      for (std::int64_t t = 0; t < batch.length(); ++t) {
        const std::int32_t label = batch.labels_of(e)[static_cast<std::size_t>(t)];
        float* logits = output.logits.data<float>() + (e * batch.length() + t) * batch.shape.classes;
        logits[t >= 3 ? label : (label + 1) % batch.shape.classes] = 2 + wrong;
      }
    }
    return output;
  }
};

}  // namespace

TEST_CASE("accuracy is counted over images, on the last one, and at each of them", "[vsml]") {
  VsmlSpec spec = small_vsml_spec();
  spec.test.streams.datasets = {"glyphs", "sum"};
  const VsmlData data(spec, "", 1);
  Context context(cpu_backend(), DType::f32, 2, 1);
  KnownRule rule;
  std::int64_t done = 0;
  const StreamEvaluations result =
      evaluate_streams(context, rule, data, spec, {.group = "test"}, [&](std::int64_t more) { done += more; });
  REQUIRE(result.datasets.size() == 2);
  CHECK(done == 10);
  for (const StreamEvaluation& dataset : result.datasets) {
    CHECK(dataset.accuracy.mean() == 5.0 / 8);
    CHECK(dataset.accuracy.ci95() == 0);
    CHECK(dataset.late_accuracy.mean() == 1);
    CHECK(dataset.by_window(2) == std::vector<double>{0, 0.5, 1, 1});
    CHECK(dataset.by_window(5) == std::vector<double>{0.4, 1});
    const double right = std::log(1 + std::exp(-2.0)), wrong = std::log(1 + std::exp(2.0));
    CHECK(dataset.loss() == Approx((5 * right + 3 * wrong) / 8));
  }
  const nlohmann::json json = {{"test", to_json(result)}};
  CHECK(read_vsml_measure(json, {"test", "accuracy"})->value == 5.0 / 8);
  CHECK(read_vsml_measure(json, {"test", "late_accuracy"})->value == 1);
  CHECK(read_vsml_measure(json, {"test", "accuracy on sum"})->value == 5.0 / 8);
  CHECK(read_vsml_measure(json, {"test", "accuracy on sum"})->ci95 == 0);
  CHECK_FALSE(read_vsml_measure(json, {"test", "accuracy on mnist"}));
  CHECK_FALSE(read_vsml_measure(json, {"validation", "accuracy"}));
  CHECK(json["test"]["datasets"][0]["accuracy_by_window"].size() == 8);
}

TEST_CASE("accuracy over several sequences of an episode is that over all of their images", "[vsml]") {
  // Two sequences of ten images, right on all images but the first of the one and the last of the other.
  const Tensor logits = Tensor::owning({2, 10, 2}, DType::f32);
  const std::vector<std::int32_t> labels(20, 1);
  for (std::int64_t i = 0; i < 20; ++i) logits.data<float>()[2 * i + 1] = i == 0 || i == 19 ? -1 : 1;
  StreamEvaluation evaluation;
  evaluation.add(logits, 0, labels);
  CHECK(evaluation.length() == 10);
  CHECK(evaluation.episodes() == 1);
  CHECK(evaluation.accuracy.mean() == 0.9);
  CHECK(evaluation.late_accuracy.mean() == 0.5);
  CHECK(evaluation.by_step.front().mean() == 0.5);
  CHECK(evaluation.by_step[5].mean() == 1);
  CHECK(evaluation.loss() == Approx((18 * std::log(1 + std::exp(-1.0)) + 2 * std::log(1 + std::exp(1.0))) / 20));
  const EpisodeAccuracy accuracy = accuracy_of(logits, 0, labels);
  CHECK(accuracy.all == 0.9);
  CHECK(accuracy.late == 0.5);
}

TEST_CASE("an evaluation ends when it is asked to, and refuses numbers that are not finite", "[vsml]") {
  const VsmlSpec spec = small_vsml_spec();
  const VsmlData data(spec, "", 1);
  Context context(cpu_backend(), DType::f32, 1, 1);
  KnownRule rule;
  CHECK_FALSE(evaluate_streams(context, rule, data, spec, {.group = "test"}, {}, [] { return false; }).complete);
  rule.wrong = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(evaluate_streams(context, rule, data, spec, {.group = "test"}), NotFiniteError);
}

TEST_CASE("episodes of different shapes are drawn in batches of one shape", "[vsml]") {
  VsmlSpec spec = small_vsml_spec();
  spec.data.sizes = {4, 6};
  spec.data.tasks = 4;
  const VsmlData data(spec, "", 1);
  const auto stream = data.training(spec);
  std::vector<OnlineBatch> batches, alone;
  const std::vector<std::int64_t> numbers{0, 1, 2, 3, 8};
  draw_batches(*stream, numbers, {8}, 1, batches);
  REQUIRE(batches.size() == 2);
  std::int64_t episodes = 0;
  for (const OnlineBatch& batch : batches) {
    for (std::int64_t e = 0; e < batch.episodes(); ++e, ++episodes) {
      const std::int64_t number = batch.ids[static_cast<std::size_t>(e)].number;
      draw_batches(*stream, std::array{number}, {8}, 1, alone);
      CHECK(alone.front().shape == batch.shape);
      CHECK(std::ranges::equal(alone.front().inputs_of(0), batch.inputs_of(e)));
      CHECK(std::ranges::equal(alone.front().labels_of(0), batch.labels_of(e)));
    }
  }
  CHECK(episodes == 5);
}
