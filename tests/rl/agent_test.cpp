#include "tasks/rl/agent.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "ops/backend.h"

using namespace srwm;

namespace {

constexpr ImageShape frame{7, 8, 3};
constexpr std::int64_t batch = 2, actions = 3;

AgentOptions small(CoreKind core) {
  return {.channels = {3, 4}, .features = 7, .core = core, .layers = 2, .heads = 2, .hidden = 8, .ff_inner = 10};
}

/// `steps` steps of observations; two episodes begin inside if there is room.
struct Observations {
  Observations(std::int64_t steps, std::uint32_t seed = 0)
      : frames(Tensor::owning({batch, steps, frame.height, frame.width, frame.channels}, DType::u8)),
        rewards(Tensor::owning({batch, steps}, DType::f32)),
        is_first(Tensor::owning({batch, steps}, DType::u8)) {
    RandomSequence numbers(5, Stream::init, seed);
    for (std::uint8_t& pixel : frames.span<std::uint8_t>()) pixel = static_cast<std::uint8_t>(numbers.below(256));
    for (float& reward : rewards.span<float>()) reward = static_cast<float>(numbers.uniform(-3, 3));
    if (steps > 2) is_first.data<std::uint8_t>()[2] = 1;
    if (steps > 3) is_first.data<std::uint8_t>()[steps + 3] = 1;
  }

  AgentInput input(const CoreState* state = nullptr) const { return {frames, rewards, is_first, state}; }

  /// Steps [begin, end) of all rows.
  Observations part(std::int64_t begin, std::int64_t end) const {
    Observations result(end - begin);
    const auto cut = [&](const Tensor& from, const Tensor& to) {
      const std::size_t step = from.bytes() / static_cast<std::size_t>(batch * from.dim(1));
      for (std::int64_t b = 0; b < batch; ++b) {
        const auto first_byte = static_cast<std::size_t>(b * from.dim(1) + begin) * step;
        std::copy_n(static_cast<const char*>(from.raw()) + first_byte, static_cast<std::size_t>(end - begin) * step,
                    static_cast<char*>(to.raw()) + static_cast<std::size_t>(b * (end - begin)) * step);
      }
    };
    cut(frames, result.frames);
    cut(rewards, result.rewards);
    cut(is_first, result.is_first);
    return result;
  }

  Tensor frames, rewards, is_first;
};

struct Model {
  Model(const Backend& backend, DType real, const AgentOptions& options)
      : context(backend, real, 2), set(context, 3), agent(set, options, frame, actions) {}
  explicit Model(const AgentOptions& options) : Model(reference_backend(DType::f64), DType::f64, options) {}

  Context context;
  ParameterSet set;
  Agent agent;
};

/// What the agent says at each step, in separate memory.
struct Answers {
  std::vector<double> numbers;  ///< logits and value, row b T + t
  std::vector<Tensor> state;

  /// Of row b, step t of T.
  std::vector<double> at(std::int64_t b, std::int64_t t, std::int64_t steps) const {
    const auto begin = numbers.begin() + (b * steps + t) * (actions + 1);
    return {begin, begin + actions + 1};
  }
};

double element(const Tensor& tensor, std::int64_t i) {
  return tensor.dtype() == DType::f64 ? tensor.data<double>()[i] : static_cast<double>(tensor.data<float>()[i]);
}

Answers ask(Model& model, const Observations& observations, const std::vector<Tensor>& state = {},
            Tape::Mode mode = Tape::Mode::forward_only) {
  model.context.rewind();
  Tape tape(model.context, mode);
  CoreState before;
  for (const Tensor& tensor : state) before.push_back(tensor);
  const AgentOutput output = model.agent.forward(tape, observations.input(state.empty() ? nullptr : &before), {});
  Answers answers;
  for (std::int64_t row = 0; row < output.values.shape()[0]; ++row) {
    for (std::int64_t a = 0; a < actions; ++a) {
      answers.numbers.push_back(element(output.logits.value(), row * actions + a));
    }
    answers.numbers.push_back(element(output.values.value(), row));
  }
  for (std::size_t i = 0; i < output.state.size(); ++i) {
    const Tensor tensor = output.state.at(i).value();
    answers.state.push_back(Tensor::owning(tensor.shape(), tensor.dtype()));
    std::copy_n(static_cast<const char*>(tensor.raw()), tensor.bytes(), static_cast<char*>(answers.state.back().raw()));
  }
  return answers;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

bool remembers(CoreKind kind) {
  return kind != CoreKind::feed_forward && kind != CoreKind::feed_forward_deep && kind != CoreKind::fake_sr;
}

CoreKind any_core() {
  return GENERATE(from_range(std::begin(agent_core_kinds), std::end(agent_core_kinds)));
}

/// A fixed weight for each number the agent says, so that their weighted sum sees all of them.
Tensor cotangent(Context& context, const Shape& shape, std::uint32_t stream) {
  const Tensor tensor = context.empty(shape);
  RandomSequence numbers(6, Stream::init, stream);
  for (double& value : tensor.span<double>()) value = numbers.normal();
  return tensor;
}

double weighted_sum(Model& model, const Observations& observations, bool backward) {
  model.context.rewind();
  Tape tape(model.context);
  const AgentOutput output = model.agent.forward(tape, observations.input(), {});
  const Tensor for_logits = cotangent(model.context, output.logits.shape(), 1);
  const Tensor for_values = cotangent(model.context, output.values.shape(), 2);
  if (backward) {
    model.set.zero_grad();
    tape.backward<2>({output.logits, output.values}, {for_logits, for_values});
  }
  double sum = 0;
  for (std::int64_t i = 0; i < for_logits.numel(); ++i)
    sum += element(for_logits, i) * element(output.logits.value(), i);
  for (std::int64_t i = 0; i < for_values.numel(); ++i)
    sum += element(for_values, i) * element(output.values.value(), i);
  return sum;
}

std::vector<double> gradient_of(const Parameter& parameter) {
  if (!parameter.slot.written) return std::vector<double>(static_cast<std::size_t>(parameter.value.numel()), 0.0);
  const auto span = parameter.slot.grad.span<double>();
  return {span.begin(), span.end()};
}

}  // namespace

TEST_CASE("a state carried over a cut gives what one long unroll gives", "[agent]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  Model model(small(core));
  const Observations whole(7);
  const Answers expected = ask(model, whole);
  const Answers head = ask(model, whole.part(0, 3)), tail = ask(model, whole.part(3, 7), head.state);
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t t = 0; t < 7; ++t) {
      const auto found = t < 3 ? head.at(b, t, 3) : tail.at(b, t - 3, 4);
      CHECK(distance(found, expected.at(b, t, 7)) <= 1e-12);
    }
  }
  REQUIRE(expected.state.size() == model.agent.state_shapes(batch).size());
  for (std::size_t i = 0; i < expected.state.size(); ++i) {
    CHECK(expected.state[i].shape() == model.agent.state_shapes(batch)[i]);
  }
}

TEST_CASE("the state is reset exactly where an episode begins", "[agent]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  Model model(small(core));
  const Observations whole(6);
  const Answers expected = ask(model, whole), fresh = ask(model, whole.part(2, 6));
  Observations without = whole;
  without.is_first = Tensor::owning({batch, 6}, DType::u8);
  const Answers unbroken = ask(model, without);
  for (std::int64_t t = 2; t < 6; ++t) {  // row 0 restarts at step 2
    CHECK(distance(expected.at(0, t, 6), fresh.at(0, t - 2, 4)) <= 1e-12);
    if (remembers(core)) CHECK(distance(expected.at(0, t, 6), unbroken.at(0, t, 6)) > 1e-9);
  }
  for (std::int64_t t = 0; t < 3; ++t) CHECK(distance(expected.at(1, t, 6), unbroken.at(1, t, 6)) <= 1e-12);
}

TEST_CASE("zeros are the initial state, and a state outlives its weights", "[agent]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  Model model(small(core));
  const Observations observations(2);
  std::vector<Tensor> zeros;
  for (const Shape& shape : model.agent.state_shapes(batch)) zeros.push_back(Tensor::owning(shape, DType::f64));
  CHECK(distance(ask(model, observations, zeros).numbers, ask(model, observations).numbers) <= 1e-12);
  for (Parameter& parameter : model.set.parameters()) {
    for (double& value : parameter.value.span<double>()) value *= 1.1;
  }
  CHECK(distance(ask(model, observations, zeros).numbers, ask(model, observations).numbers) <= 1e-12);
}

TEST_CASE("without carry-over every step is independent", "[agent]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  AgentOptions options = small(core);
  options.carry = CarryKind::step;
  Model model(options);
  const Observations whole(3);
  const Answers together = ask(model, whole);
  CHECK(together.state.empty());
  CHECK(model.agent.state_shapes(batch).empty());
  for (std::int64_t t = 0; t < 3; ++t) {
    const Answers alone = ask(model, whole.part(t, t + 1));
    for (std::int64_t b = 0; b < batch; ++b) CHECK(distance(together.at(b, t, 3), alone.at(b, 0, 1)) <= 1e-12);
  }
}

TEST_CASE("gradients of whole agents through resets, in double", "[agent][gradient]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  Model model(small(core));
  const Observations observations(5);
  weighted_sum(model, observations, true);
  constexpr double step = 1e-5;
  for (Parameter& parameter : model.set.parameters()) {
    REQUIRE(parameter.slot.written);
    const std::vector<double> gradient = gradient_of(parameter);
    const std::int64_t n = parameter.value.numel();
    for (std::int64_t i = 0; i < n; i += std::max<std::int64_t>(1, n / 3)) {
      double& number = parameter.value.data<double>()[i];
      const double before = number;
      number = before + step;
      const double up = weighted_sum(model, observations, false);
      number = before - step;
      const double down = weighted_sum(model, observations, false);
      number = before;
      const double numeric = (up - down) / (2 * step), found = gradient[static_cast<std::size_t>(i)];
      INFO(parameter.name << "[" << i << "]: tape " << found << ", numeric " << numeric);
      CHECK(std::abs(found - numeric) <= 1e-7 + 1e-5 * std::abs(numeric));
    }
  }
}

TEST_CASE("the gradient of one step at a time is the sum over steps that begin with a constant state",
          "[agent][gradient]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  constexpr std::int64_t steps = 5;
  AgentOptions options = small(core);
  Model plain(options);
  options.state_gradient = StateGradient::per_step;
  Model cut(options);
  const Observations observations(steps);
  CHECK(distance(ask(cut, observations, {}, Tape::Mode::record).numbers, ask(plain, observations).numbers) <= 1e-12);
  const Answers recorded = ask(cut, observations, {}, Tape::Mode::record), expected_state = ask(plain, observations);
  for (std::size_t i = 0; i < recorded.state.size(); ++i) {
    const auto a = recorded.state[i].span<double>(), b = expected_state.state[i].span<double>();
    CHECK(distance({a.begin(), a.end()}, {b.begin(), b.end()}) <= 1e-12);
  }

  weighted_sum(cut, observations, true);
  // Independently: each step on a separate tape.
  std::vector<std::vector<double>> sums;
  for (const Parameter& parameter : plain.set.parameters()) {
    sums.emplace_back(static_cast<std::size_t>(parameter.value.numel()), 0.0);
  }
  std::vector<Tensor> state;
  for (std::int64_t t = 0; t < steps; ++t) {
    const Observations one = observations.part(t, t + 1);
    const std::vector<Tensor> next = ask(plain, one, state).state;
    plain.context.rewind();
    Tape tape(plain.context);
    CoreState before;
    for (const Tensor& tensor : state) before.push_back(tensor);
    const AgentOutput output = plain.agent.forward(tape, one.input(state.empty() ? nullptr : &before), {});
    const Tensor all_logits = cotangent(plain.context, {batch, steps, actions}, 1);
    const Tensor all_values = cotangent(plain.context, {batch, steps}, 2);
    const Tensor for_logits = plain.context.empty(output.logits.shape());
    const Tensor for_values = plain.context.empty(output.values.shape());
    for (std::int64_t b = 0; b < batch; ++b) {
      std::copy_n(all_logits.data<double>() + (b * steps + t) * actions, actions,
                  for_logits.data<double>() + b * actions);
      for_values.data<double>()[b] = all_values.data<double>()[b * steps + t];
    }
    plain.set.zero_grad();
    tape.backward<2>({output.logits, output.values}, {for_logits, for_values});
    std::size_t i = 0;
    for (const Parameter& parameter : plain.set.parameters()) {
      const std::vector<double> gradient = gradient_of(parameter);
      for (std::size_t j = 0; j < gradient.size(); ++j) sums[i][j] += gradient[j];
      ++i;
    }
    state = next;
  }
  std::size_t i = 0;
  for (const Parameter& parameter : cut.set.parameters()) {
    INFO(parameter.name);
    CHECK(distance(gradient_of(parameter), sums[i++]) <= 1e-10);
    const bool rules = parameter.name.find(".W_q") != std::string::npos ||
                       parameter.name.find(".W_k") != std::string::npos ||
                       parameter.name.find(".w_b") != std::string::npos;
    // As published: within one step the output depends on W^y alone.
    if (core == CoreKind::srwm && rules)
      CHECK(std::ranges::all_of(gradient_of(parameter), [](double g) { return g == 0; }));
  }
}

TEST_CASE("the fast float agent agrees with the double one", "[agent]") {
  const CoreKind core = any_core();
  CAPTURE(name_of(core));
  AgentOptions options = small(core);
  options.hidden = 32;
  Model fast(cpu_backend(), DType::f32, options), exact(options);
  const Observations observations(5);
  CHECK(distance(ask(fast, observations).numbers, ask(exact, observations).numbers) <= 1e-5);
}

TEST_CASE("parameters of agents have the names of the authors' state_dict", "[agent]") {
  Model srwm_model(small(CoreKind::srwm)), lstm(small(CoreKind::lstm));
  const auto has = [](const Model& model, const std::string& name) {
    return std::ranges::count(model.set.parameters(), name, &Parameter::name) == 1;
  };
  for (const char* name :
       {"feat_convs.0.0.weight", "feat_convs.1.0.bias", "resnet1.0.1.weight", "resnet1.1.3.bias", "resnet2.0.3.weight",
        "fc.weight", "core.input_proj.weight", "core.fwm_layers.0.W_y", "core.fwm_layers.1.w_b",
        "core.fwm_layers.0.out_linear.weight", "core.ff_layers.0.ff_layers.0.weight",
        "core.ff_layers.1.ff_layers.3.bias", "core.ff_layers.1.layer_norm.weight", "policy.weight", "baseline.bias"}) {
    INFO(name);
    CHECK(has(srwm_model, name));
  }
  CHECK(has(lstm, "core.weight_ih_l0"));
  CHECK(has(lstm, "core.bias_hh_l1"));
}

TEST_CASE("the published agents have their sizes", "[agent]") {
  Context context(reference_backend(DType::f32), DType::f32, 1);
  ParameterSet set(context, 1);
  const Agent agent(set, {}, {64, 64, 3}, 15);
  const auto fc = std::ranges::find(set.parameters(), "fc.weight", &Parameter::name);
  REQUIRE(fc != set.parameters().end());
  CHECK(fc->value.shape() == Shape{256, 2048});
  const std::vector<Shape> state = agent.state_shapes(48);
  REQUIRE(state.size() == 2);
  CHECK(state[0] == Shape{48, 8, 16, 52});
}

TEST_CASE("an agent refuses observations and sizes that do not fit", "[agent]") {
  Model model(small(CoreKind::srwm));
  Observations observations(2);
  observations.frames = observations.frames.reshaped({batch, 2, frame.width, frame.height, frame.channels});
  CHECK_THROWS_WITH(ask(model, observations), Catch::Matchers::Contains("agent: frames is u8 [2, 2, 8, 7, 3]"));
  AgentOptions options = small(CoreKind::srwm);
  options.heads = 3;
  CHECK_THROWS_WITH(Model(options), Catch::Matchers::Contains("no multiple of 3 heads"));
}
