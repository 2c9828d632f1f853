// The interface of sequence cores, the same for every kind and wrapper.
#include "nn/core.h"

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "nn/carried_core.h"
#include "ops/backend.h"

using namespace srwm;

namespace {

constexpr std::int64_t batch = 2, steps = 5, features = 3;
constexpr CoreKind all_kinds[] = {CoreKind::srwm,        CoreKind::delta_net,         CoreKind::linear_transformer,
                                  CoreKind::transformer, CoreKind::fake_sr,           CoreKind::sr_delta,
                                  CoreKind::lstm,        CoreKind::feed_forward_deep, CoreKind::feed_forward};

enum class Wrapper { none, carried, stateless, per_step };

std::unique_ptr<SequenceCore> wrapped(std::unique_ptr<SequenceCore> core, Wrapper wrapper) {
  if (wrapper == Wrapper::carried) return std::make_unique<CarriedCore>(std::move(core));
  if (wrapper == Wrapper::stateless) return std::make_unique<StatelessCore>(std::move(core));
  if (wrapper == Wrapper::per_step) return std::make_unique<PerStepCore>(std::move(core));
  return core;
}

struct Model {
  explicit Model(CoreKind kind, Wrapper wrapper = Wrapper::none, CoreNames names = CoreNames::fewshot)
      : set(context, 3),
        core(wrapped(
            make_core(set, {.kind = kind, .layers = 2, .heads = 2, .hidden = 4, .names = names}, features, sites),
            wrapper)) {
    RandomSequence numbers(7, Stream::init, 1);
    for (double& value : x.span<double>()) value = numbers.normal();
  }

  CoreOutput forward(Tape& tape, const CoreInput& input) const { return core->forward(tape, input, {}); }

  Context context{reference_backend(DType::f64), DType::f64, 1};
  ParameterSet set;
  DropoutSites sites;
  std::unique_ptr<SequenceCore> core;
  Tensor x = Tensor::owning({batch, steps, features}, DType::f64);
};

CoreKind any_kind() {
  return GENERATE(from_range(std::begin(all_kinds), std::end(all_kinds)));
}

/// Steps [begin, end) of all sequences.
Tensor segment(const Tensor& x, std::int64_t begin, std::int64_t end) {
  const Tensor part = Tensor::owning({batch, end - begin, features}, DType::f64);
  for (std::int64_t b = 0; b < batch; ++b) {
    const double* from = x.data<double>() + (b * steps + begin) * features;
    std::copy_n(from, (end - begin) * features, part.data<double>() + b * (end - begin) * features);
  }
  return part;
}

void check_near(double found, double expected) {
  const double error = std::abs(found - expected);
  CHECK(error <= 1e-12);
}

void check_equal(const CoreState& found, const CoreState& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Tensor a = found.at(i).value(), b = expected.at(i).value();
    REQUIRE(a.shape() == b.shape());
    for (std::int64_t e = 0; e < a.numel(); ++e) check_near(a.data<double>()[e], b.data<double>()[e]);
  }
}

}  // namespace

TEST_CASE("a core's two segments with the state between them are one sequence", "[core]") {
  const CoreKind kind = any_kind();
  const Wrapper wrapper = GENERATE(Wrapper::none, Wrapper::carried, Wrapper::stateless);
  INFO(name_of(kind) << ", wrapper " << static_cast<int>(wrapper));
  Model model(kind, wrapper);
  Tape tape(model.context, Tape::Mode::forward_only);
  const CoreOutput whole = model.forward(tape, {.x = model.x});
  const CoreOutput begin = model.forward(tape, {.x = segment(model.x, 0, 2)});
  const CoreOutput end = model.forward(tape, {.x = segment(model.x, 2, steps), .state = &begin.state});
  const std::int64_t width = model.core->width();
  REQUIRE(whole.y.shape() == Shape{batch * steps, width});
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t t = 0; t < steps; ++t) {
      const CoreOutput& part = t < 2 ? begin : end;
      const std::int64_t row = t < 2 ? b * 2 + t : b * (steps - 2) + t - 2;
      for (std::int64_t i = 0; i < width; ++i) {
        check_near(part.y.value().data<double>()[row * width + i],
                   whole.y.value().data<double>()[(b * steps + t) * width + i]);
      }
    }
  }
  check_equal(end.state, whole.state);
}

TEST_CASE("chosen rows of a core's output are those of the whole output", "[core]") {
  const CoreKind kind = any_kind();
  const Wrapper wrapper = GENERATE(Wrapper::none, Wrapper::carried, Wrapper::stateless, Wrapper::per_step);
  if (wrapper == Wrapper::per_step && kind == CoreKind::transformer) return;  // its state grows with every step
  INFO(name_of(kind) << ", wrapper " << static_cast<int>(wrapper));
  Model model(kind, wrapper);
  Tape tape(model.context);
  const Tensor rows = Tensor::owning({3}, DType::i32);
  const std::int32_t chosen[] = {1, 4, 7};
  std::copy(std::begin(chosen), std::end(chosen), rows.data<std::int32_t>());
  const CoreOutput whole = model.forward(tape, {.x = model.x});
  const CoreOutput some = model.forward(tape, {.x = model.x, .rows = rows});
  const std::int64_t width = model.core->width();
  REQUIRE(some.y.shape() == Shape{3, width});
  for (std::int64_t r = 0; r < 3; ++r) {
    for (std::int64_t i = 0; i < width; ++i) {
      check_near(some.y.value().data<double>()[r * width + i], whole.y.value().data<double>()[chosen[r] * width + i]);
    }
  }
  const CoreOutput none = model.forward(tape, {.x = model.x, .state_only = true});
  CHECK(none.y.absent());
  check_equal(none.state, whole.state);
}

TEST_CASE("state shapes of a core are those of the state that it returns", "[core]") {
  const CoreKind kind = any_kind();
  const Wrapper wrapper = GENERATE(Wrapper::none, Wrapper::carried, Wrapper::stateless, Wrapper::per_step);
  if (kind == CoreKind::transformer) return;  // its state grows with every step
  INFO(name_of(kind) << ", wrapper " << static_cast<int>(wrapper));
  Model model(kind, wrapper);
  Tape tape(model.context);
  const CoreState state = model.forward(tape, {.x = model.x}).state;
  const std::vector<Shape> shapes = model.core->state_shapes(batch);
  REQUIRE(state.size() == shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) CHECK(state.at(i).shape() == shapes[i]);
}

TEST_CASE("a core that begins with its initial state as an absolute state gives the same output", "[core]") {
  const CoreKind kind = any_kind();
  INFO(name_of(kind));
  Model model(kind);
  Tape tape(model.context, Tape::Mode::forward_only);
  const CoreState initial = model.core->initial_state(tape);  // [1, ...]: all sequences begin with it
  const CoreOutput expected = model.forward(tape, {.x = model.x});
  const CoreOutput found = model.forward(tape, {.x = model.x, .state = &initial});
  for (std::int64_t i = 0; i < expected.y.value().numel(); ++i) {
    check_near(found.y.value().data<double>()[i], expected.y.value().data<double>()[i]);
  }
}

TEST_CASE("a carried core's state survives a change of the initial weights", "[core]") {
  Model model(CoreKind::srwm, Wrapper::carried);
  Tape tape(model.context, Tape::Mode::forward_only);
  const CoreState zeros = [&] {
    CoreState state;
    for (const Shape& shape : model.core->state_shapes(batch)) state.push_back(model.context.zeros(shape));
    return state;
  }();
  for (const Parameter& parameter : model.set.parameters()) {
    for (double& value : parameter.value.span<double>()) value += 0.1;
  }
  const CoreOutput expected = model.forward(tape, {.x = model.x});
  const CoreOutput found = model.forward(tape, {.x = model.x, .state = &zeros});
  for (std::int64_t i = 0; i < expected.y.value().numel(); ++i) {
    check_near(found.y.value().data<double>()[i], expected.y.value().data<double>()[i]);
  }
}

TEST_CASE("carry leaves a core without a state as it is", "[core]") {
  Model model(CoreKind::fake_sr);
  const SequenceCore* core = model.core.get();
  CHECK(carry(std::move(model.core), CarryKind::step, StateGradient::per_step).get() == core);
}

TEST_CASE("a core of few-shot models and of agents has the names of their state_dicts", "[core]") {
  const auto has = [](const Model& model, const std::string& name) {
    for (const Parameter& parameter : model.set.parameters()) {
      if (parameter.name == name) return true;
    }
    return false;
  };
  CHECK(has(Model(CoreKind::srwm), "layers.2.W_y"));
  CHECK(has(Model(CoreKind::srwm), "layers.3.ff_layers.0.weight"));
  CHECK(has(Model(CoreKind::lstm), "rnn.weight_ih_l1"));
  CHECK(has(Model(CoreKind::srwm, Wrapper::none, CoreNames::agent), "core.fwm_layers.1.W_y"));
  CHECK(has(Model(CoreKind::feed_forward_deep, Wrapper::none, CoreNames::agent), "trafo_ff_block.input_proj.weight"));
  CHECK(has(Model(CoreKind::lstm, Wrapper::none, CoreNames::agent), "core.weight_ih_l1"));
}

TEST_CASE("hidden units that are no multiple of the heads are refused", "[core]") {
  Context context(reference_backend(DType::f64), DType::f64, 1);
  ParameterSet set(context, 1);
  DropoutSites sites;
  CHECK_THROWS_WITH(make_core(set, {.kind = CoreKind::delta_net, .heads = 3, .hidden = 4}, features, sites),
                    Catch::Matchers::Contains("no multiple of 3 heads"));
}
