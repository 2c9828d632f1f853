// Probes of learning rules, and the components that they give.
#include "tasks/vsml/probes.h"

#include <cmath>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ops/backend.h"
#include "tasks/vsml/principal_components.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

constexpr float sure = 8;

/// Remembers which class the last image of each label was right for, so to say: predicts the label before, and gives a
/// class that it has met a logit of `sure` or of 0.
class LastLabelRule final : public LearningRule {
 public:
  std::vector<std::vector<std::int32_t>> seen;  ///< the labels of every episode, in order

  RuleOutput run(Context&, const OnlineBatch& batch, const Tensor&) override {
    const std::int64_t classes = batch.shape.classes, length = batch.length();
    RuleOutput output{.logits = Tensor::owning({batch.episodes(), length, classes}, DType::f32),
                      .loss = Tensor::owning({batch.episodes()}, DType::f32)};
    for (std::int64_t e = 0; e < batch.episodes(); ++e) {
      const auto labels = batch.labels_of(e);
      seen.emplace_back(labels.begin(), labels.end());
      for (std::int64_t t = 0; t < length; ++t) {
        float* logits = output.logits.data<float>() + (e * length + t) * classes;
        for (std::int64_t before = 0; before < t; ++before) logits[labels[static_cast<std::size_t>(before)]] = sure;
      }
    }
    return output;
  }
};

VsmlSpec probe_spec() {
  VsmlSpec spec = small_vsml_spec();
  spec.data.glyph_classes = 3;
  spec.test.length = 20;
  spec.test.episodes = 6;
  return spec;
}

Probes probe(LearningRule& rule, const VsmlSpec& spec, std::int64_t step) {
  Context context(cpu_backend(), DType::f32, 2, 1);
  const VsmlData data(spec, "", 1);
  return probe_rule(context, rule, data, spec, {.group = "test"}, step);
}

}  // namespace

TEST_CASE("a probed class comes late, and its probability is that of its own examples", "[vsml]") {
  LastLabelRule rule;
  const Probes probes = probe(rule, probe_spec(), 12);
  REQUIRE(probes.datasets.size() == 1);
  const DatasetProbe& found = probes.datasets.front();
  CHECK(found.episodes == 6);
  REQUIRE(rule.seen.size() == 12);
  for (std::size_t e = 0; e < 6; ++e) {
    const auto late = static_cast<std::int32_t>(e % 3);
    const auto first = std::ranges::find(rule.seen[e], late) - rule.seen[e].begin();
    CHECK(first >= 12);
  }
  // At its first example the two other classes have been met; at the second one it has been, too.
  REQUIRE(found.new_class.probability.size() >= 2);
  const double e = std::exp(static_cast<double>(sure));
  CHECK(found.new_class.probability[0].value == Approx(1 / (1 + 2 * e)));
  CHECK(found.new_class.probability[1].value == Approx(1.0 / 3).epsilon(0.01));
  CHECK(found.new_class.accuracy[0] == 0);
  // Of the other classes one comes first, to a rule that knows nothing, and the other second.
  CHECK(found.other_classes.probability[0].value == Approx((1.0 / 3 + 1 / (2 + e)) / 2));
  CHECK(found.other_classes.probability[0].ci95.value() < 1e-6);
  CHECK(found.cells.since_start.empty());
}

TEST_CASE("swapped labels are those of the classes after them", "[vsml]") {
  LastLabelRule rule;
  const Probes probes = probe(rule, probe_spec(), 0);
  CHECK(probes.step == 10);
  const DatasetProbe& found = probes.datasets.front();
  REQUIRE(found.swap.probability.size() == 20);
  REQUIRE(found.old_label.size() == 20);
  CHECK(found.swap.probability[0].value == Approx(1.0 / 3));
  for (std::size_t t = 0; t < 10; ++t) CHECK(found.swap.probability[t].value == found.old_label[t].value);
  const VsmlData data(probe_spec(), "", 1);
  const VsmlSpec spec = probe_spec();
  const auto stream = data.evaluation(spec, spec.test, "test", "glyphs", Split::test, 0);
  std::vector<OnlineBatch> batches;
  draw_batches(*stream, std::array<std::int64_t, 1>{0}, {20}, 1, batches);
  const auto labels = batches.front().labels_of(0);
  const std::vector<std::int32_t>& seen = rule.seen[6];  // the first episode's, after six of the other probe
  for (std::size_t t = 0; t < 20; ++t) CHECK(seen[t] == (t < 10 ? labels[t] : (labels[t] + 1) % 3));
}

TEST_CASE("the cells of a probed network change as they do in the op", "[vsml]") {
  VsmlSpec spec = probe_spec();
  spec.model.backward_pass = true;
  Context context(cpu_backend(), DType::f32, 2, 1);
  ParameterSet parameters(context, 1);
  const auto rule = make_rule(parameters, spec, {});
  const VsmlData data(spec, "", 1);
  const CellChange change = probe_rule(context, *rule, data, spec, {.group = "test"}, 0).datasets.front().cells;
  REQUIRE(change.since_start.size() == 20);
  CHECK(change.labels.size() == 20);
  CHECK(change.components.size() == 20);
  CHECK(change.explained.size() == 3);
  CHECK(change.since_start[0] == Approx(change.of_step[0]));

  const auto stream = data.evaluation(spec, spec.test, "test", "glyphs", Split::test, 0);
  std::vector<OnlineBatch> batches;
  draw_batches(*stream, std::array<std::int64_t, 1>{0}, {20}, 1, batches);
  context.rewind();
  const OnlineBatch& batch = batches.front();
  const Tensor first = rule->first_cells(context, batch);
  const Tensor last = rule->cells_in(context, batch.shape, rule->run(context, batch, {}).state).c;
  double squares = 0;
  for (std::int64_t i = 0; i < first.numel(); ++i) {
    squares += std::pow(static_cast<double>(last.data<float>()[i] - first.data<float>()[i]), 2);
  }
  CHECK(change.since_start.back() == Approx(std::sqrt(squares / static_cast<double>(first.numel()))).epsilon(1e-4));
}

TEST_CASE("probes say where they cannot be", "[vsml]") {
  LastLabelRule rule;
  CHECK_THROWS_WITH(probe(rule, probe_spec(), 20), Contains("must be from 1 to 19"));
  VsmlSpec spec = probe_spec();
  spec.episode.kind = EpisodeKind::few_shot;
  CHECK_THROWS_WITH(probe(rule, spec, 1), Contains("need streams"));
}

TEST_CASE("probes are written as lists of one number per place", "[vsml]") {
  LastLabelRule rule;
  const nlohmann::json json = to_json(probe(rule, probe_spec(), 12));
  CHECK(json["step"] == 12);
  const nlohmann::json& dataset = json["datasets"][0];
  CHECK(dataset["name"] == "glyphs");
  for (const char* series : {"new_class", "other_classes", "swap"}) {
    CHECK(dataset[series]["probability"].size() == dataset[series]["accuracy"].size());
    CHECK(dataset[series]["probability"].size() == dataset[series]["ci95"].size());
  }
  CHECK(dataset["swap"]["old_probability"].size() == 20);
  CHECK_FALSE(dataset.contains("cells"));
}

TEST_CASE("principal components are the axes of a cloud", "[vsml]") {
  // Points on an ellipse of three axes, around (5, 5, 5); the products are those of the points as they are.
  constexpr std::size_t n = 40;
  std::vector<std::array<double, 3>> points;
  for (std::size_t i = 0; i < n; ++i) {
    const double angle = 2 * std::acos(-1.0) * static_cast<double>(i) / n;
    points.push_back({5 + 3 * std::cos(angle), 5 + 2 * std::sin(angle), 5 + std::cos(2 * angle)});
  }
  std::vector<double> products(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t axis = 0; axis < 3; ++axis) products[i * n + j] += points[i][axis] * points[j][axis];
    }
  }
  const PrincipalComponents found = principal_components(products, n, 3);
  CHECK(found.explained[0] == Approx(9.0 / 14));
  CHECK(found.explained[1] == Approx(4.0 / 14));
  CHECK(found.explained[2] == Approx(1.0 / 14));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      CHECK(std::abs(found.scores[i][axis]) == Approx(std::abs(points[i][axis] - 5)).margin(1e-6));
    }
  }
  const PrincipalComponents none = principal_components(std::vector<double>(4, 1.0), 2, 1);
  CHECK(none.explained[0] == 0);
  CHECK(none.scores[0][0] == 0);
}
