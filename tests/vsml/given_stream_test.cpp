// A learning rule on the examples of a file: the same numbers as on the stream that the file was made of.
#include "tasks/vsml/given_stream.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "io/hdf5.h"
#include "ops/backend.h"
#include "support/temp_dir.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// A rule, and five episodes as a file would have them.
struct Given {
  explicit Given(const VsmlSpec& of_spec) : spec(of_spec), rule(make_rule(parameters, spec, {})) {
    const VsmlData data(spec, "", 1);
    const auto drawn = data.evaluation(spec, spec.test, "test", "glyphs", Split::test, 0);
    std::vector<OnlineBatch> batches;
    draw_batches(*drawn, std::array<std::int64_t, 5>{0, 1, 2, 3, 4}, {8}, 1, batches);
    REQUIRE(batches.size() == 1);
    batch = batches.front();
    stream.path = "given.h5";
    stream.classes = batch.shape.classes;
    stream.inputs = batch.x;
    stream.labels = batch.labels;
  }

  std::vector<float> logits_of(const OnlineBatch& episodes) {
    context.rewind();
    const RuleOutput output = rule->run(context, episodes, {});
    return {output.logits.span<float>().begin(), output.logits.span<float>().end()};
  }

  VsmlSpec spec;
  Context context{cpu_backend(), DType::f32, 2, 1};
  ParameterSet parameters{context, 1};
  std::unique_ptr<LearningRule> rule;
  OnlineBatch batch;
  StreamFile stream;
};

VsmlSpec two_layers() {
  VsmlSpec spec = small_vsml_spec();
  spec.model.hidden = {"dense 3"};
  spec.model.backward_pass = true;
  return spec;
}

}  // namespace

TEST_CASE("a file without cells starts them at zero", "[vsml]") {
  VsmlSpec spec = two_layers();
  spec.model.random_part = 0;
  Given given(spec);
  const GivenStreamResult result = evaluate_given_stream(given.context, *given.rule, given.stream);
  CHECK(std::ranges::equal(result.logits.span<float>(), given.logits_of(given.batch)));
  CHECK(result.evaluation.datasets.front().episodes() == 5);
  spec.model.random_part = 0.5;
  Given drawn(spec);
  const GivenStreamResult zeros = evaluate_given_stream(drawn.context, *drawn.rule, drawn.stream);
  CHECK(std::ranges::equal(zeros.logits.span<float>(), result.logits.span<float>()));
  CHECK_FALSE(std::ranges::equal(zeros.logits.span<float>(), drawn.logits_of(drawn.batch)));
}

TEST_CASE("cells of a file are where a rule starts, and those at the end where it can go on", "[vsml]") {
  Given given(two_layers());
  const std::int64_t cells = given.rule->cells(given.batch.shape);
  CHECK(cells == (16 * 3 + 3 * 2) * 4);
  RandomSequence random(1, Stream::init, 0);
  given.stream.cells = Tensor::owning({5, cells}, DType::f32);
  for (float& c : given.stream.cells.span<float>()) c = static_cast<float>(random.normal());
  const GivenStreamResult result = evaluate_given_stream(given.context, *given.rule, given.stream);
  given.batch.first_cells = given.stream.cells;
  CHECK(std::ranges::equal(result.logits.span<float>(), given.logits_of(given.batch)));
  // One sequence alone, its cells by hand: in the state h and c of the first layer come before those of the second.
  OnlineBatch last = given.batch;
  last.ids = {given.batch.ids.back()};
  last.x = given.batch.x.rows(4, 5);
  last.labels = given.batch.labels.rows(4, 5);
  last.first_cells = given.stream.cells.rows(4, 5);
  given.context.rewind();
  const RuleOutput alone = given.rule->run(given.context, last, {});
  const std::span<float> state = alone.state.span<float>();
  const auto first_layer = std::size_t{16 * 3 * 4}, second_layer = std::size_t{3 * 2 * 4};
  const std::span<float> h = result.cells.h.rows(4, 5).span<float>(), c = result.cells.c.rows(4, 5).span<float>();
  CHECK(std::ranges::equal(h.first(first_layer), state.first(first_layer)));
  CHECK(std::ranges::equal(c.first(first_layer), state.subspan(first_layer, first_layer)));
  CHECK(std::ranges::equal(h.last(second_layer), state.subspan(2 * first_layer, second_layer)));
  CHECK(std::ranges::equal(c.last(second_layer), state.subspan(2 * first_layer + second_layer, second_layer)));
}

TEST_CASE("cells that are not those of the network are refused", "[vsml]") {
  Given given(small_vsml_spec());
  given.stream.cells = Tensor::owning({5, 7}, DType::f32);
  CHECK_THROWS_WITH(evaluate_given_stream(given.context, *given.rule, given.stream),
                    Contains("given.h5: /cells is [5, 7]; expected [5, 128]"));
  VsmlSpec spec = small_vsml_spec();
  spec.model.kind = ModelKind::sgd;
  Given sgd(spec);
  sgd.stream.cells = given.stream.cells;
  CHECK_THROWS_WITH(evaluate_given_stream(sgd.context, *sgd.rule, sgd.stream), Contains("has no cells"));
}

TEST_CASE("online gradient descent learns the examples of a file as those of a stream, and the result is written",
          "[vsml]") {
  VsmlSpec spec = small_vsml_spec();
  spec.model.kind = ModelKind::sgd;
  Given given(spec);
  const GivenStreamResult result = evaluate_given_stream(given.context, *given.rule, given.stream);
  CHECK(std::ranges::equal(result.logits.span<float>(), given.logits_of(given.batch)));
  TempDir dir;
  write_given_stream(dir / "out.h5", given.stream, result, "test");
  const hdf5::File file = hdf5::File::open(dir / "out.h5");
  CHECK(hdf5::expect_format(file, "predictions", 1) == 1);
  CHECK(std::ranges::equal(file.read("/logits").span<float>(), result.logits.span<float>()));
  CHECK(std::ranges::equal(file.read("/labels").span<std::int32_t>(), given.stream.labels.span<std::int32_t>()));
  CHECK_FALSE(file.has("/cells"));
}
