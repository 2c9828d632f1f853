#include "tasks/vsml/vsml_rule.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "ops/backend.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Rule {
  explicit Rule(const VsmlSpec& of_spec)
      : spec(of_spec), data(spec, "", 1), parameters(context, 1), rule(parameters, spec) {
    const auto stream = data.training(spec);
    draw_batches(*stream, std::array<std::int64_t, 2>{0, 1}, {8}, 1, batches);
  }
  VsmlSpec spec;
  Context context{cpu_backend(), DType::f32, 1, 1};
  VsmlData data;
  ParameterSet parameters;
  VsmlRule rule;
  std::vector<OnlineBatch> batches;
};

VsmlSpec with_hidden(std::vector<std::string> hidden) {
  VsmlSpec spec = small_vsml_spec();
  spec.model.hidden = std::move(hidden);
  return spec;
}

}  // namespace

TEST_CASE("VSML has the authors' parameters", "[vsml]") {
  VsmlSpec spec;
  Context context(cpu_backend(), DType::f32, 1, 1);
  const auto count = [&](const auto& change) {
    spec.model = {};
    change(spec.model);
    ParameterSet parameters(context, 1);
    const VsmlRule rule(parameters, spec);
    return parameters.count();
  };
  CHECK(count([](VsmlModelSpec&) {}) == 2384);
  CHECK(count([](VsmlModelSpec& model) { model.layer_norm = true; }) == 2416);
  CHECK(count([](VsmlModelSpec& model) {
          model.hidden = {"dense 32"};
          model.layerwise = model.backward_pass = model.separate_backward = true;
        }) == 4 * 2384);
}

TEST_CASE("every network of a spec runs, and its gradient is not zero", "[vsml]") {
  VsmlSpec spec = with_hidden(GENERATE(std::vector<std::string>{}, std::vector<std::string>{"dense 3"},
                                       std::vector<std::string>{"conv 2 2"},
                                       std::vector<std::string>{"conv 2 1", "conv 3 2", "dense 4"}));
  spec.model.backward_pass = spec.model.separate_backward = GENERATE(false, true);
  spec.model.layer_norm = spec.model.feed_label = !spec.model.backward_pass;
  spec.model.layerwise = !spec.model.hidden.empty();
  Rule rule(spec);
  REQUIRE(rule.batches.size() == 1);
  const RuleOutput output = rule.rule.gradient(rule.context, rule.batches.front(), 0.5, {});
  CHECK((output.logits.shape() == Shape{2, 8, 2}));
  double norm = 0;
  for (const Parameter& p : rule.parameters.parameters()) {
    REQUIRE(p.slot.written);
    for (const float g : p.slot.grad.span<float>()) norm += static_cast<double>(g * g);
  }
  CHECK(norm > 0);
  const std::vector<float> logits(output.logits.span<float>().begin(), output.logits.span<float>().end());
  const RuleOutput again = rule.rule.run(rule.context, rule.batches.front(), {});
  CHECK(std::ranges::equal(again.logits.span<float>(), logits));
}

TEST_CASE("the initial cells of an episode depend on its number alone", "[vsml]") {
  Rule rule(small_vsml_spec());
  const OnlineBatch& both = rule.batches.front();
  const RuleOutput together = rule.rule.run(rule.context, both, {});
  std::vector<OnlineBatch> alone;
  const auto stream = rule.data.training(rule.spec);
  draw_batches(*stream, std::array<std::int64_t, 1>{1}, {8}, 1, alone);
  const RuleOutput second = rule.rule.run(rule.context, alone.front(), {});
  CHECK(std::ranges::equal(second.logits.span<float>(), together.logits.span<float>().subspan(16)));
}

TEST_CASE("the sequences of an episode are its images one after the other, and a network sees them in parallel",
          "[vsml]") {
  VsmlSpec spec = small_vsml_spec();
  spec.model.backward_pass = true;
  Rule rule(spec);
  const auto stream = rule.data.training(spec);
  std::vector<OnlineBatch> whole, parallel;
  draw_batches(*stream, std::array<std::int64_t, 2>{0, 1}, {12}, 1, whole);
  draw_batches(*stream, std::array<std::int64_t, 2>{0, 1}, {.images = 4, .streams = 3}, 1, parallel);
  OnlineBatch& batch = parallel.front();
  CHECK((batch.x.shape() == Shape{6, 4, 16}));
  CHECK(batch.episodes() == 2);
  CHECK(std::ranges::equal(batch.x.span<float>(), whole.front().x.span<float>()));
  CHECK(std::ranges::equal(batch.labels_of(1), whole.front().labels_of(1)));

  Vsml op = rule.rule.network(batch.shape);
  RandomSequence random(1, Stream::init, 0);
  batch.first_cells = Tensor::owning({2, op.cells()}, DType::f32);
  for (float& c : batch.first_cells->span<float>()) c = static_cast<float>(random.normal());
  const RuleOutput found = rule.rule.run(rule.context, batch, {});
  op.streams = 3;
  op.targets = batch.labels;
  op.forward_only = true;
  Tape tape(rule.context, Tape::Mode::forward_only);
  const auto expected = tape.apply(op, {rule.rule.pack(rule.context), Variable(batch.x), Variable(*batch.first_cells)});
  CHECK(std::ranges::equal(found.logits.span<float>(), expected[Vsml::logits].value().span<float>()));
  CHECK((found.loss.shape() == Shape{2}));
  batch.streams = 1;
  batch.ids.resize(6);
  batch.first_cells = Tensor();
  const RuleOutput apart = rule.rule.run(rule.context, batch, {});
  CHECK_FALSE(std::ranges::equal(found.logits.span<float>(), apart.logits.span<float>()));
}

TEST_CASE("a convolution needs square images", "[vsml]") {
  VsmlSpec spec = with_hidden({"conv 2 2"});
  Rule rule(spec);
  OnlineBatch batch = rule.batches.front();
  batch.shape.inputs = 15;
  batch.x = Tensor::owning({2, 8, 15}, DType::f32);
  CHECK_THROWS_AS(rule.rule.run(rule.context, batch, {}), SpecError);
}
