#include "ops/srwm.h"

#include <cmath>
#include <numeric>

#include <fmt/ranges.h>

#include "ops/op_harness.h"
#include "ops/op_run.h"
#include "ops/tolerance.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Sizes {
  std::int64_t batch, steps, heads, d, groups;
  std::int64_t out_dim = d;
};

Shape matrix_shape(std::int64_t n, const Sizes& s) {
  return {n, s.heads, s.d, s.out_dim + 2 * s.d + 4};
}

OpCase<Srwm> srwm_case(Sizes s, bool input_softmax, double reset_probability, std::uint64_t seed) {
  const Draw weight = normal(0, 1 / std::sqrt(static_cast<double>(s.d)));
  Srwm op{.input_softmax = input_softmax, .reset = {}};
  if (reset_probability > 0) op.reset = random_mask({s.batch, s.steps}, reset_probability, seed);
  return {.name = fmt::format("B {} T {} heads {} d {} out_dim {} groups {}{}{}", s.batch, s.steps, s.heads, s.d,
                              s.out_dim, s.groups, input_softmax ? " softmax" : "", op.reset ? " reset" : ""),
          .op = always(op),
          .in = {operand({s.batch, s.steps, s.heads * s.d}), operand(matrix_shape(s.groups, s), weight),
                 op.reset ? operand(matrix_shape(1, s), weight) : absent()},
          .seed = seed,
          // sums run over the rows of W, the steps, and for w_first over the batch
          .terms = (s.out_dim + 2 * s.d + 4) * s.steps * s.batch};
}

std::vector<OpCase<Srwm>> srwm_cases() {
  std::vector<OpCase<Srwm>> cases{
      srwm_case({1, 1, 1, 16, 1}, false, 0, 1),      srwm_case({3, 6, 2, 8, 1}, false, 0, 2),
      srwm_case({4, 5, 3, 16, 2}, false, 0, 3),      srwm_case({4, 33, 2, 16, 4}, true, 0, 4),
      srwm_case({2, 35, 2, 16, 1}, false, 0.2, 5),   srwm_case({6, 17, 1, 8, 2}, true, 0.3, 6),
      srwm_case({2, 16, 1, 32, 1}, true, 0, 7),      srwm_case({2, 18, 2, 32, 2}, false, 0.2, 8),
      srwm_case({1, 9, 2, 64, 1}, true, 0, 9),       srwm_case({2, 10, 1, 128, 1}, false, 0.2, 10),
      srwm_case({2, 4, 2, 5, 1}, true, 0.3, 11),     srwm_case({67, 2, 1, 8, 1}, false, 0.5, 12),
      srwm_case({2, 5, 2, 8, 2, 25}, true, 0.3, 14), srwm_case({3, 4, 1, 16, 1, 3}, false, 0, 15),
  };
  // w_reset may be there without a mask; its gradient is then zero
  OpCase<Srwm> unused = srwm_case({2, 3, 2, 8, 2}, false, 0, 13);
  unused.in[Srwm::w_reset] = operand(matrix_shape(1, {2, 3, 2, 8, 2}));
  unused.name += " w_reset unused";
  cases.push_back(unused);
  return cases;
}

std::vector<OpCase<Srwm>> srwm_speed_cases() {
  return {srwm_case({128, 6, 16, 16, 1}, false, 0, 1),  srwm_case({32, 26, 16, 16, 1}, false, 0, 1),
          srwm_case({16, 150, 16, 16, 1}, false, 0, 1), srwm_case({32, 50, 8, 16, 1}, true, 0.02, 1),
          srwm_case({128, 6, 32, 8, 1}, false, 0, 1),   srwm_case({128, 6, 8, 32, 1}, false, 0, 1),
          srwm_case({128, 6, 4, 64, 1}, false, 0, 1),   srwm_case({128, 6, 2, 128, 1}, false, 0, 1)};
}

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;  // rows

Vector operator*(const Matrix& m, const Vector& v) {
  Vector out;
  for (const Vector& row : m) out.push_back(std::inner_product(row.begin(), row.end(), v.begin(), 0.0));
  return out;
}

Vector softmax(const Vector& z) {
  Vector p;
  for (const double value : z) p.push_back(std::exp(value));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& value : p) value /= sum;
  return p;
}

/// Equations 5-8 of the paper for one sequence and head, with the four matrices kept apart.
class PaperSrwm {
 public:
  /// From one head's part of a w_first tensor, [d][3d + 4].
  PaperSrwm(const float* w, std::size_t d) : blocks_(4) {
    for (std::size_t r = 0; r < 3 * d + 4; ++r) {
      Vector row;
      for (std::size_t i = 0; i < d; ++i) row.push_back(w[i * (3 * d + 4) + r]);
      blocks_[std::min<std::size_t>(r / d, 3)].push_back(row);
    }
  }

  Vector step(const Vector& x) {
    const Vector y = blocks_[0] * x, q = softmax(blocks_[1] * x), k = softmax(blocks_[2] * x), b = blocks_[3] * x;
    for (std::size_t block = 0; block < 4; ++block) {
      Matrix& w = blocks_[block];
      const Vector v = w * q, v_bar = w * k;
      const double beta = 1 / (1 + std::exp(-b[block]));
      for (std::size_t r = 0; r < w.size(); ++r) {
        for (std::size_t i = 0; i < x.size(); ++i) w[r][i] += beta * (v[r] - v_bar[r]) * k[i];
      }
    }
    return y;
  }

 private:
  std::vector<Matrix> blocks_;  // W^y, W^q, W^k, W^b
};

using Run = OpRun<Srwm>;

/// Inputs of an Srwm without resets.
Tensors<Srwm::inputs> inputs_of(const Sizes& s, DType real = DType::f32) {
  return {normal_tensor({s.batch, s.steps, s.heads * s.d}, 1, 1, real),
          normal_tensor(matrix_shape(s.groups, s), 1 / std::sqrt(static_cast<double>(s.d)), 2, real), Tensor()};
}

/// Steps [begin, end) of [B, T, F].
Tensor steps_of(const Tensor& tensor, std::int64_t begin, std::int64_t end) {
  const std::int64_t width = tensor.dim(2), steps = end - begin;
  const Tensor part = Tensor::owning({tensor.dim(0), steps, width}, DType::f32);
  for (std::int64_t b = 0; b < tensor.dim(0); ++b) {
    std::copy_n(tensor.data<float>() + (b * tensor.dim(1) + begin) * width, steps * width,
                part.data<float>() + b * steps * width);
  }
  return part;
}

/// Relative errors of y, w_last and the gradients of x and w_first in float32, against double.
std::array<double, 4> float32_errors(const Sizes& s, bool input_softmax, Run::On on) {
  const Srwm op{.input_softmax = input_softmax, .reset = {}};
  Run found(op, inputs_of(s), DType::f32, on), exact(op, inputs_of(s, DType::f64), DType::f64, Run::On::reference);
  for (Run* run : {&found, &exact}) {
    run->forward();
    for (const auto i : {Srwm::y, Srwm::w_last}) {
      run->dL_dout[i] = normal_tensor(run->out[i].shape(), 1, 3 + i, run->out[i].dtype());
    }
    run->backward();
  }
  return {relative_error(found.out[Srwm::y], exact.out[Srwm::y]),
          relative_error(found.out[Srwm::w_last], exact.out[Srwm::w_last]),
          relative_error(found.dL_din[Srwm::x], exact.dL_din[Srwm::x]),
          relative_error(found.dL_din[Srwm::w_first], exact.dL_din[Srwm::w_first])};
}

void check_paper(const Sizes& s, Run::On on) {
  Run run({}, inputs_of(s), DType::f32, on);
  run.forward();
  const float *x = run.in[Srwm::x].data<float>(), *y = run.out[Srwm::y].data<float>();
  double worst = 0;
  for (std::int64_t b = 0; b < s.batch; ++b) {
    for (std::int64_t h = 0; h < s.heads; ++h) {
      PaperSrwm paper(run.in[Srwm::w_first].data<float>() + h * s.d * (3 * s.d + 4), static_cast<std::size_t>(s.d));
      for (std::int64_t t = 0; t < s.steps; ++t) {
        const std::int64_t at = ((b * s.steps + t) * s.heads + h) * s.d;
        const Vector expected = paper.step(Vector(x + at, x + at + s.d));
        for (std::int64_t i = 0; i < s.d; ++i) {
          const double error = std::abs(y[at + i] - expected[static_cast<std::size_t>(i)]);
          if (!(error <= worst)) worst = error;
        }
      }
    }
  }
  INFO("d " << s.d << (on == Run::On::cpu ? " cpu" : " reference"));
  CHECK(worst <= 1e-5);  // y is of size 1; float32 over seven steps errs by 1e-6
}

}  // namespace

SRWM_TEST_OP(Srwm, srwm_cases, srwm_speed_cases)

TEST_CASE("Srwm: equations 5 to 8 of the paper") {
  for (const std::int64_t d : {8, 16, 24, 64}) {
    check_paper({2, 7, 3, d, 1}, Run::On::cpu);
    check_paper({2, 7, 3, d, 1}, Run::On::reference);
  }
}

TEST_CASE("Srwm: a sequence in two calls that hand on the state is the sequence in one") {
  const Sizes s{4, 40, 2, 16, 2};
  const std::int64_t cut = 23;
  Run whole({}, inputs_of(s), DType::f32, Run::On::cpu);
  whole.forward();
  whole.dL_dout = {normal_tensor(whole.out[Srwm::y].shape(), 1, 3),
                   normal_tensor(whole.out[Srwm::w_last].shape(), 1, 4)};
  whole.backward();

  Run head({}, {steps_of(whole.in[Srwm::x], 0, cut), whole.in[Srwm::w_first], {}}, DType::f32, Run::On::cpu);
  head.forward();
  Run tail({}, {steps_of(whole.in[Srwm::x], cut, s.steps), head.out[Srwm::w_last], {}}, DType::f32, Run::On::cpu);
  tail.forward();
  tail.dL_dout = {steps_of(whole.dL_dout[Srwm::y], cut, s.steps), whole.dL_dout[Srwm::w_last]};
  tail.backward();
  head.dL_dout = {steps_of(whole.dL_dout[Srwm::y], 0, cut), tail.dL_din[Srwm::w_first]};
  head.backward();

  CHECK(relative_error(head.out[Srwm::y], steps_of(whole.out[Srwm::y], 0, cut)) == 0);
  CHECK(relative_error(tail.out[Srwm::y], steps_of(whole.out[Srwm::y], cut, s.steps)) == 0);
  CHECK(relative_error(tail.out[Srwm::w_last], whole.out[Srwm::w_last]) == 0);
  const double tolerance = test::tolerance(DType::f32, 1);
  CHECK(relative_error(head.dL_din[Srwm::x], steps_of(whole.dL_din[Srwm::x], 0, cut)) <= tolerance);
  CHECK(relative_error(tail.dL_din[Srwm::x], steps_of(whole.dL_din[Srwm::x], cut, s.steps)) <= tolerance);
  CHECK(relative_error(head.dL_din[Srwm::w_first], whole.dL_din[Srwm::w_first]) <= tolerance);
}

TEST_CASE("Srwm: float32 over 4096 steps") {
  // Measured, see docs/internals/fast_weights.md: about 1e-5.
  for (const bool input_softmax : {false, true}) {
    for (const double error : float32_errors({1, 4096, 2, 16, 1}, input_softmax, Run::On::cpu)) CHECK(error <= 3e-5);
  }
}

TEST_CASE("Srwm: growth of the float32 error with T", "[.growth]") {
  for (const bool input_softmax : {false, true}) {
    for (const std::int64_t d : {8, 16, 32}) {
      for (const std::int64_t steps : {64, 512, 4096}) {
        for (const Run::On on : {Run::On::cpu, Run::On::reference}) {
          const auto errors = float32_errors({1, steps, 1, d, 1}, input_softmax, on);
          fmt::print("| {} | {} | {} | {} | {:.1e} |\n", input_softmax ? "softmax" : "identity", d, steps,
                     on == Run::On::cpu ? "cpu" : "reference", fmt::join(errors, " | "));
        }
      }
    }
  }
}

TEST_CASE("Srwm: logits of any size give finite numbers") {
  const Sizes s{2, 20, 2, 16, 1};
  for (const bool input_softmax : {false, true}) {
    Tensors<Srwm::inputs> in = inputs_of(s);
    for (float& value : in[Srwm::x].span<float>()) value *= 1e4f;
    Run run({.input_softmax = input_softmax, .reset = {}}, in, DType::f32, Run::On::cpu);
    run.forward();
    run.dL_dout[Srwm::y] = normal_tensor(run.out[Srwm::y].shape(), 1, 3);
    run.backward();
    for (const Tensor& tensor : {run.out[0], run.out[1], run.dL_din[0], run.dL_din[1]}) {
      for (const float value : tensor.span<float>()) REQUIRE(std::isfinite(value));
    }
  }
}

TEST_CASE("Srwm: a NaN stays in its sequence and head, and is not lost there") {
  const Sizes s{2, 6, 2, 16, 1};
  Tensors<Srwm::inputs> in = inputs_of(s);
  in[Srwm::x].data<float>()[(6 + 2) * 2 * 16 + 16] = std::nanf("");  // sequence 1, step 2, head 1
  Run run({}, in, DType::f32, Run::On::cpu);
  run.forward();
  for (std::int64_t i = 0; i < run.out[Srwm::y].numel(); ++i) {
    const std::int64_t head = i / 16 % 2, step = i / 32 % 6, sequence = i / (32 * 6);
    REQUIRE(std::isnan(run.out[Srwm::y].data<float>()[i]) == (sequence == 1 && head == 1 && step >= 2));
  }
}

TEST_CASE("Srwm: what does not fit is refused by name") {
  const Sizes s{4, 3, 2, 8, 1};
  const auto message = [&](auto change) {
    Tensors<Srwm::inputs> in = inputs_of(s);
    Srwm op;
    change(op, in);
    try {
      op.plan(in);
    } catch (const ShapeError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const auto three = Tensor::owning(matrix_shape(3, s), DType::f32);
  CHECK(message([](Srwm&, auto&) {}) == "accepted");
  CHECK(message([&](Srwm&, auto& in) { in[Srwm::w_first] = three; }) ==
        "srwm: w_first is 3 initial states, expected a number of initial states that divides the batch of 4.");
  CHECK(message([](Srwm&, auto& in) {
          in[Srwm::x] = Tensor::owning({4, 3, 17}, DType::f32);
        }) == "srwm: x is f32 [4, 3, 17], expected f32 [4, 3, 16].");
  CHECK(message([](Srwm& op, auto&) {
          op.reset = Tensor::owning({4, 2}, DType::u8);
        }) == "srwm: reset is u8 [4, 2], expected u8 [4, 3].");
  CHECK(message([](Srwm& op, auto&) {
          op.reset = Tensor::owning({4, 3}, DType::u8);
        }) == "srwm: w_reset is absent, expected f32 [1, 2, 8, 28].");
  CHECK(message([](Srwm&, auto& in) {
          in[Srwm::w_first] = Tensor::owning({1, 2, 8, 20}, DType::f32);
        }) == "srwm: w_first is [1, 2, 8, 20], expected at least 21 rows, for heads of size 8.");
}
