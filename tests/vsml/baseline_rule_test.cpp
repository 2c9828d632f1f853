// The networks that VSML is compared with, as learning rules. What they compute: tests/golden/baseline_golden_test.cpp.
#include "tasks/vsml/baseline_rule.h"

#include <cmath>

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
  CHECK(parameters_of({.kind = ModelKind::fwp}, mnist) == 113'285);
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

namespace {

/// Weighted cross-entropies of an episode in double, and, with a gradient, that.
double weighted_loss(const BaselineOptions& options, const EpisodeShape& shape, std::span<const double> theta,
                     std::span<const double> weights, double* gradient = nullptr) {
  RandomSequence random(7, Stream::init, 1);
  const auto length = weights.size(), classes = static_cast<std::size_t>(shape.classes);
  std::vector<double> x(length * static_cast<std::size_t>(shape.inputs)), fast, logits(length * classes);
  std::vector<std::int32_t> labels;
  for (double& value : x) value = random.normal();
  for (std::size_t t = 0; t < length; ++t) labels.push_back(static_cast<std::int32_t>(t % classes));
  if (options.kind == BaselineKind::fwp) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(options.fast_size) * classes; ++i) {
      fast.push_back(0.5 * random.normal());
    }
  }
  const auto net = make_baseline_net<double>(options, shape, {theta.data(), gradient}, fast);
  run_baseline<double>(*net, options.bound, x, labels, logits);
  double loss = 0;
  for (std::size_t t = 0; t < length; ++t) {
    double sum = 0;
    for (std::size_t b = 0; b < classes; ++b) sum += std::exp(logits[t * classes + b]);
    loss += weights[t] * (std::log(sum) - logits[t * classes + static_cast<std::size_t>(labels[t])]);
  }
  if (gradient != nullptr) baseline_backward<double>(*net, options.bound, labels, logits, weights);
  return loss;
}

}  // namespace

TEST_CASE("the gradient of every baseline through time is that of differences", "[vsml]") {
  struct Case {
    BaselineKind kind;
    bool oja, convolutions;
    EpisodeShape shape;
  };
  const Case c =
      GENERATE(Case{BaselineKind::meta_rnn, true, false, {5, 3}}, Case{BaselineKind::hebbian, true, false, {5, 3}},
               Case{BaselineKind::hebbian, false, false, {5, 3}}, Case{BaselineKind::hebbian, true, true, {25, 2}},
               Case{BaselineKind::fw_memory, true, false, {5, 3}}, Case{BaselineKind::fw_memory, true, true, {49, 2}},
               Case{BaselineKind::fwp, true, false, {5, 3}});
  const BaselineOptions options{.kind = c.kind,
                                .lstm_units = 4,
                                .micro_ticks = 2,
                                .oja = c.oja,
                                .memory = 3,
                                .fast_size = 3,
                                .convolutions = c.convolutions,
                                .bound = 3};
  CAPTURE(static_cast<int>(c.kind), c.oja, c.convolutions);
  std::vector<double> theta;
  RandomSequence random(3, Stream::init, 0);
  for (const BaselineParameter& parameter : baseline_parameters(options, c.shape)) {
    const double scale = c.convolutions && parameter.shape.rank() == 4 ? 0.3 : 1.0;
    for (std::int64_t i = 0; i < parameter.shape.numel(); ++i) theta.push_back(scale * random.normal());
  }
  const std::vector<double> weights{0.2, 0, 0.7, -0.4, 1, 0.5};
  std::vector<double> gradient(theta.size());
  weighted_loss(options, c.shape, theta, weights, gradient.data());
  double largest = 0;
  for (const double g : gradient) largest = std::max(largest, std::abs(g));
  REQUIRE(largest > 0.01);
  const std::size_t stride = theta.size() / 150 + 1;
  for (std::size_t i = 0; i < theta.size(); i += stride) {
    constexpr double step = 1e-5;
    const double before = theta[i];
    theta[i] = before + step;
    const double high = weighted_loss(options, c.shape, theta, weights);
    theta[i] = before - step;
    const double low = weighted_loss(options, c.shape, theta, weights);
    theta[i] = before;
    INFO(i);
    CHECK(gradient[i] == Approx((high - low) / (2 * step)).margin(1e-7 * largest).epsilon(1e-5));
  }
}

TEST_CASE("the gradient of a batch is the sum of those of its episodes, whatever the threads", "[vsml]") {
  VsmlSpec spec = spec_of(any_baseline());
  spec.episode.loss = GENERATE(LossKind::mean, LossKind::last);
  Rule rule(spec);
  // Large keys make the fast weights of fwp grow until the bound on logits leaves no gradient.
  for (float& value : rule.batch().x.span<float>()) value *= 0.1F;
  const auto gradient_of = [&](const OnlineBatch& batch) {
    rule.parameters.zero_grad();
    rule.rule.gradient(rule.context, batch, 0.5, {});
    std::vector<float> all;
    for (const Parameter& p : rule.parameters.parameters()) {
      REQUIRE(p.slot.written);
      all.insert(all.end(), p.slot.grad.span<float>().begin(), p.slot.grad.span<float>().end());
    }
    return all;
  };
  const std::vector<float> both = gradient_of(rule.batch());
  rule.context.set_threads(1);
  CHECK(gradient_of(rule.batch()) == both);
  std::vector<float> sum(both.size());
  for (std::int64_t e = 0; e < 2; ++e) {
    OnlineBatch one = rule.batch();
    one.ids = {rule.batch().ids[static_cast<std::size_t>(e)]};
    one.x = rule.batch().x.rows(e, e + 1);
    one.labels = rule.batch().labels.rows(e, e + 1);
    const std::vector<float> more = gradient_of(one);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
  }
  CHECK(sum == both);
  CHECK(std::ranges::any_of(both, [](float g) { return g != 0; }));
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
