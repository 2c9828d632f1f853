// The networks that VSML is compared with, as learning rules. What they compute: tests/golden/baseline_golden_test.cpp.
#include "tasks/vsml/baseline_rule.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "ops/backend.h"
#include "tasks/vsml/evaluator.h"
#include "tasks/vsml/read_out.h"
#include "tasks/vsml/vsml_task.h"
#include "train/training_step.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

VsmlSpec spec_of(ModelKind kind) {
  VsmlSpec spec = small_vsml_spec();
  spec.model.kind = kind;
  return spec;
}

ModelKind any_baseline() {
  return GENERATE(ModelKind::meta_rnn, ModelKind::hebbian, ModelKind::fw_memory, ModelKind::fwp);
}

std::int64_t parameters_of(const VsmlModelSpec& model, const EpisodeShape& shape) {
  std::int64_t count = 0;
  for (const BaselineParameter& parameter : baseline_parameters(model.baseline(), shape)) {
    count += parameter.shape.numel();
  }
  return count;
}

struct Rule {
  explicit Rule(const VsmlSpec& of_spec) : spec(of_spec) {
    const auto stream = data.training(spec);
    draw_batches(*stream, std::array<std::int64_t, 2>{0, 1}, {8}, 1, batches);
  }
  const OnlineBatch& batch() const { return batches.front(); }

  VsmlSpec spec;
  Context context{cpu_backend(), DType::f32, 2, 1};
  VsmlData data{spec, "", 1};
  ParameterSet parameters{context, 1};
  BaselineRule rule{parameters, spec, data.training_shape(spec)};
  std::vector<OnlineBatch> batches;
};

}  // namespace

TEST_CASE("the baselines have as many parameters as published", "[vsml]") {
  const EpisodeShape padded{784, 62}, mnist{784, 10};
  CHECK(parameters_of({.kind = ModelKind::meta_rnn}, padded) == 538'942);
  CHECK(parameters_of({.kind = ModelKind::meta_rnn}, mnist) == 478'986);
  CHECK(parameters_of({.kind = ModelKind::hebbian}, padded) == 112'655);
  CHECK(parameters_of({.kind = ModelKind::hebbian}, mnist) == 16'091);
  CHECK(parameters_of({.kind = ModelKind::fw_memory}, padded) == 125'711);
  CHECK(parameters_of({.kind = ModelKind::fw_memory}, mnist) == 110'683);
  CHECK(parameters_of({.kind = ModelKind::fwp}, padded) == 185'461);
}

TEST_CASE("a baseline with convolutions needs square images", "[vsml]") {
  VsmlModelSpec model{.kind = ModelKind::meta_rnn};
  model.convolutions = true;
  // 28 -> 14 -> 7 -> 4 pixels of 64 channels
  CHECK(parameters_of(model, {784, 5}) ==
        9 * 64 + 64 + 2 * (9 * 64 * 64 + 64) + (16 * 64 + 10 + 128) * 512 + 512 + 128 * 5 + 5);
  CHECK_THROWS_AS(parameters_of(model, {783, 5}), SpecError);
}

TEST_CASE("members evaluated together have the losses of members evaluated alone, with every baseline", "[vsml]") {
  Rule all(spec_of(any_baseline()));
  const std::int64_t count = all.parameters.count();
  RandomSequence random(3, Stream::es_noise, 0);
  Tensor theta = Tensor::owning({4, count}, DType::f32);
  for (float& value : theta.span<float>()) value = static_cast<float>(0.3 * random.normal());
  const RuleOutput together = all.rule.run(all.context, all.batch(), theta);
  const std::vector<float> logits(together.logits.span<float>().begin(), together.logits.span<float>().end());
  for (std::int64_t member = 0; member < 4; ++member) {
    OnlineBatch one = all.batch();
    one.ids = {all.batch().ids[static_cast<std::size_t>(member / 2)]};
    one.x = all.batch().x.rows(member / 2, member / 2 + 1);
    one.labels = all.batch().labels.rows(member / 2, member / 2 + 1);
    const RuleOutput alone = all.rule.run(all.context, one, theta.rows(member, member + 1));
    CHECK(std::ranges::equal(alone.logits.span<float>(),
                             std::span(logits).subspan(static_cast<std::size_t>(member) * 16, 16)));
    CHECK(alone.loss.data<float>()[0] == together.loss.data<float>()[member]);
  }
  CHECK(together.loss.data<float>()[0] != together.loss.data<float>()[1]);
  CHECK(together.loss.data<float>()[0] != together.loss.data<float>()[2]);
}

TEST_CASE("the loss of a baseline's last image alone is that image's", "[vsml]") {
  VsmlSpec spec = spec_of(ModelKind::meta_rnn);
  spec.episode.loss = LossKind::last;
  Rule last(spec);
  const RuleOutput output = last.rule.run(last.context, last.batch(), {});
  const std::span<const float> of_first = output.logits.span<float>().subspan(14, 2);
  CHECK(static_cast<double>(output.loss.data<float>()[0]) ==
        Approx(cross_entropy(of_first, last.batch().labels_of(0).back())));
}

TEST_CASE("a baseline is for tasks of one shape", "[vsml]") {
  Rule rule(spec_of(ModelKind::hebbian));
  OnlineBatch other = rule.batch();
  other.shape.inputs = 15;
  CHECK_THROWS_WITH(rule.rule.run(rule.context, other, {}),
                    Contains("16 inputs and 2 classes, but a task has 15 and 2") && Contains("data.pad"));
}

TEST_CASE("evolution lowers a baseline's loss on the same few episodes", "[vsml][trainer]") {
  VsmlSpec spec = spec_of(GENERATE(ModelKind::meta_rnn, ModelKind::hebbian, ModelKind::fw_memory));
  spec.model.lstm_units = 8;
  spec.data.tasks = 1;
  spec.data.project = 0;
  spec.episode.length = 20;
  spec.train.evolution = {.population = 16, .noise = 0.05};
  spec.optim.rate = 0.03;
  Context context(cpu_backend(), DType::f32, 2, 1);
  VsmlTask task(spec, context, std::make_shared<const VsmlData>(spec, "", 1));
  TrainingStep step(context, task, spec.loop(), 1);
  const auto mean_loss = [&](std::int64_t first) {
    step.set_totals({});
    for (std::int64_t i = 0; i < 10; ++i) step.run(first + i);
    return step.totals().loss / static_cast<double>(10 * spec.loop().passes());
  };
  const double before = mean_loss(0);
  for (std::int64_t i = 10; i < 60; ++i) step.run(i);
  CHECK(mean_loss(60) < before - 0.05);
}
