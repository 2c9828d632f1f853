#include "ops/lstm.h"

#include <cmath>

#include "ops/op_harness.h"
#include "ops/op_run.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Sizes {
  std::int64_t batch, steps, width, hidden;
  std::int64_t groups;  ///< 0: no first state
};

OpCase<Lstm> lstm_case(Sizes s, double reset_probability, std::uint64_t seed) {
  const Draw weight = normal(0, 1 / std::sqrt(static_cast<double>(s.hidden)));
  Lstm op;
  if (reset_probability > 0) op.reset = random_mask({s.batch, s.steps}, reset_probability, seed);
  const Operand first = s.groups > 0 ? operand({s.groups, s.hidden}) : absent();
  return {
      .name = fmt::format("B {} T {} {} -> {} groups {}{}", s.batch, s.steps, s.width, s.hidden, s.groups,
                          op.reset ? " reset" : ""),
      .op = always(op),
      .in = {operand({s.batch, s.steps, s.width}), operand({4 * s.hidden, s.width}, weight),
             operand({4 * s.hidden, s.hidden}, weight), operand({4 * s.hidden}), operand({4 * s.hidden}), first, first},
      .seed = seed,
      .terms = s.batch * s.steps * (s.width + 4 * s.hidden)};
}

std::vector<OpCase<Lstm>> lstm_cases() {
  return {lstm_case({1, 1, 1, 1, 0}, 0, 1),    lstm_case({3, 6, 5, 7, 0}, 0, 2),  lstm_case({4, 5, 9, 16, 1}, 0, 3),
          lstm_case({4, 9, 3, 17, 2}, 0.3, 4), lstm_case({6, 3, 4, 33, 6}, 0, 5), lstm_case({2, 31, 8, 15, 0}, 0.2, 6)};
}

std::vector<OpCase<Lstm>> lstm_speed_cases() {
  return {lstm_case({16, 6, 805, 1024, 0}, 0, 1), lstm_case({32, 50, 257, 256, 1}, 0.02, 1),
          lstm_case({128, 6, 69, 256, 0}, 0, 1)};
}

double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

/// torch.nn.LSTM's equations for one unit of a one-unit LSTM on one input.
struct OneUnit {
  std::array<double, 4> w_ih, w_hh, bias;  // i, f, g, o
  double h = 0, c = 0;

  double step(double x) {
    const auto z = [&](std::size_t gate) { return w_ih[gate] * x + w_hh[gate] * h + bias[gate]; };
    const double i = sigmoid(z(0)), f = sigmoid(z(1)), g = std::tanh(z(2)), o = sigmoid(z(3));
    c = f * c + i * g;
    return h = o * std::tanh(c);
  }
};

}  // namespace

SRWM_TEST_OP(Lstm, lstm_cases, lstm_speed_cases)

TEST_CASE("Lstm: gates in torch's order i, f, g, o") {
  using Run = OpRun<Lstm>;
  const Tensors<Lstm::inputs> in{normal_tensor({1, 9, 1}, 1, 1),
                                 normal_tensor({4, 1}, 1, 2),
                                 normal_tensor({4, 1}, 1, 3),
                                 normal_tensor({4}, 1, 4),
                                 normal_tensor({4}, 1, 5),
                                 Tensor(),
                                 Tensor()};
  OneUnit unit{};
  for (std::size_t gate = 0; gate < 4; ++gate) {
    unit.w_ih[gate] = in[Lstm::w_ih].data<float>()[gate];
    unit.w_hh[gate] = in[Lstm::w_hh].data<float>()[gate];
    unit.bias[gate] = double{in[Lstm::b_ih].data<float>()[gate]} + double{in[Lstm::b_hh].data<float>()[gate]};
  }
  Run fast({}, in, DType::f32, Run::On::cpu), plain({}, in, DType::f32, Run::On::reference);
  fast.forward();
  plain.forward();
  for (std::int64_t t = 0; t < 9; ++t) {
    const double expected = unit.step(in[Lstm::x].data<float>()[t]);
    CHECK(std::abs(fast.out[Lstm::y].data<float>()[t] - expected) <= 1e-6);
    CHECK(std::abs(plain.out[Lstm::y].data<float>()[t] - expected) <= 1e-6);
  }
  CHECK(std::abs(fast.out[Lstm::c_last].data<float>()[0] - unit.c) <= 1e-6);
}

TEST_CASE("Lstm: saturated gates stay finite") {
  using Run = OpRun<Lstm>;
  Run run({},
          {normal_tensor({2, 5, 3}, 1e4, 1), normal_tensor({68, 3}, 1, 2), normal_tensor({68, 17}, 1, 3),
           normal_tensor({68}, 1, 4), normal_tensor({68}, 1, 5), Tensor(), Tensor()},
          DType::f32, Run::On::cpu);
  run.forward();
  run.dL_dout[Lstm::y] = normal_tensor(run.out[Lstm::y].shape(), 1, 6);
  run.backward();
  for (const float value : run.out[Lstm::y].span<float>()) REQUIRE(std::isfinite(value));
  for (const float value : run.dL_din[Lstm::w_hh].span<float>()) REQUIRE(std::isfinite(value));
}

TEST_CASE("Lstm: what does not fit is refused by name") {
  Tensors<Lstm::inputs> in{normal_tensor({4, 2, 3}, 1, 1), normal_tensor({20, 3}, 1, 2), normal_tensor({20, 5}, 1, 3),
                           normal_tensor({20}, 1, 4),      normal_tensor({20}, 1, 5),    normal_tensor({2, 5}, 1, 6),
                           normal_tensor({2, 5}, 1, 7)};
  const Lstm op;
  CHECK_NOTHROW(op.plan(in));
  in[Lstm::c_first] = Tensor();
  CHECK_THROWS_WITH(op.plan(in), "lstm: c_first is absent, expected f32 [2, 5].");
  in[Lstm::c_first] = in[Lstm::h_first];
  in[Lstm::w_ih] = normal_tensor({20, 4}, 1, 2);
  CHECK_THROWS_WITH(op.plan(in), "lstm: w_ih is f32 [20, 4], expected f32 [20, 3].");
}
