#include "ops/delta_net.h"

#include <cmath>
#include <numeric>

#include "ops/op_harness.h"
#include "ops/op_run.h"
#include "ops/tolerance.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Sizes {
  std::int64_t batch, steps, heads, d;
  std::int64_t groups;  ///< 0: no w_first
};

Shape projected_shape(const Sizes& s) {
  return {s.batch, s.steps, s.heads * (3 * s.d + 1)};
}
Shape matrix_shape(const Sizes& s) {
  return {s.groups, s.heads, s.d, s.d};
}

OpCase<DeltaNet> delta_net_case(Sizes s, double eps, double reset_probability, std::uint64_t seed) {
  DeltaNet op{.heads = s.heads, .eps = eps, .reset = {}};
  if (reset_probability > 0) op.reset = random_mask({s.batch, s.steps}, reset_probability, seed);
  return {
      .name = fmt::format("B {} T {} heads {} d {} groups {} eps {}{}", s.batch, s.steps, s.heads, s.d, s.groups, eps,
                          op.reset ? " reset" : ""),
      .op = always(op),
      // elu has its kink at zero
      .in = {operand(projected_shape(s), away_from_zero(0.01, 2)), s.groups > 0 ? operand(matrix_shape(s)) : absent()},
      .seed = seed,
      .terms = s.d * s.steps * s.batch};
}

std::vector<OpCase<DeltaNet>> delta_net_cases() {
  return {delta_net_case({1, 1, 1, 16, 0}, 0, 0, 1),   delta_net_case({3, 6, 2, 8, 0}, 0, 0, 2),
          delta_net_case({3, 6, 2, 8, 1}, 1e-5, 0, 3), delta_net_case({4, 35, 2, 16, 2}, 1e-5, 0.2, 4),
          delta_net_case({2, 33, 3, 16, 2}, 0, 0, 5),  delta_net_case({2, 17, 2, 32, 0}, 0, 0.2, 6),
          delta_net_case({1, 9, 2, 64, 1}, 0, 0, 7),   delta_net_case({2, 10, 1, 128, 1}, 1e-5, 0.2, 8),
          delta_net_case({2, 4, 2, 5, 1}, 0, 0.3, 9),  delta_net_case({67, 2, 1, 8, 1}, 0, 0.5, 10)};
}

std::vector<OpCase<DeltaNet>> delta_net_speed_cases() {
  return {delta_net_case({128, 6, 16, 16, 0}, 0, 0, 1), delta_net_case({16, 150, 16, 16, 0}, 0, 0, 1),
          delta_net_case({32, 50, 8, 16, 1}, 1e-5, 0.02, 1), delta_net_case({128, 6, 4, 64, 0}, 0, 0, 1)};
}

using Run = OpRun<DeltaNet>;
using Vector = std::vector<double>;

/// f of the paper: elu + 1, divided by its sum.
Vector feature_map(const float* z, std::size_t d) {
  Vector f;
  for (std::size_t i = 0; i < d; ++i) f.push_back(z[i] > 0 ? z[i] + 1.0 : std::exp(double{z[i]}));
  const double sum = std::accumulate(f.begin(), f.end(), 0.0);
  for (double& value : f) value /= sum;
  return f;
}

/// The update rule for one sequence and head from W = 0; W is [value][key] as in the paper.
class PaperDeltaNet {
 public:
  explicit PaperDeltaNet(std::size_t d) : w_(d, Vector(d, 0)) {}

  Vector step(const float* projected) {
    const std::size_t d = w_.size();
    const Vector q = feature_map(projected, d), k = feature_map(projected + d, d);
    const double beta = 1 / (1 + std::exp(-double{projected[3 * d]}));
    Vector y;
    for (std::size_t r = 0; r < d; ++r) {
      const double old_value = std::inner_product(k.begin(), k.end(), w_[r].begin(), 0.0);
      const double new_value = beta * projected[2 * d + r] + (1 - beta) * old_value;
      for (std::size_t i = 0; i < d; ++i) w_[r][i] += (new_value - old_value) * k[i];
      y.push_back(std::inner_product(q.begin(), q.end(), w_[r].begin(), 0.0));
    }
    return y;
  }

 private:
  std::vector<Vector> w_;
};

void check_paper(const Sizes& s, Run::On on) {
  Run run({.heads = s.heads, .eps = 0, .reset = {}}, {normal_tensor(projected_shape(s), 1, 1), Tensor()}, DType::f32,
          on);
  run.forward();
  double worst = 0;
  for (std::int64_t b = 0; b < s.batch; ++b) {
    for (std::int64_t h = 0; h < s.heads; ++h) {
      PaperDeltaNet paper(static_cast<std::size_t>(s.d));
      for (std::int64_t t = 0; t < s.steps; ++t) {
        const std::int64_t at = (b * s.steps + t) * s.heads + h;
        const Vector expected = paper.step(run.in[DeltaNet::projected].data<float>() + at * (3 * s.d + 1));
        for (std::int64_t i = 0; i < s.d; ++i) {
          const double y = run.out[DeltaNet::y].data<float>()[at * s.d + i];
          const double error = std::abs(y - expected[static_cast<std::size_t>(i)]);
          if (!(error <= worst)) worst = error;
        }
      }
    }
  }
  INFO("d " << s.d << (on == Run::On::cpu ? " cpu" : " reference"));
  CHECK(worst <= 1e-5);
}

}  // namespace

SRWM_TEST_OP(DeltaNet, delta_net_cases, delta_net_speed_cases)

TEST_CASE("DeltaNet: the delta rule of the paper") {
  for (const std::int64_t d : {8, 16, 24, 64}) {
    check_paper({2, 7, 3, d, 0}, Run::On::cpu);
    check_paper({2, 7, 3, d, 0}, Run::On::reference);
  }
}

TEST_CASE("DeltaNet: float32 over 4096 steps") {
  const Sizes s{1, 4096, 2, 16, 1};
  const DeltaNet op{.heads = s.heads, .eps = 0, .reset = {}};
  const auto inputs = [&](DType real) {
    return Tensors<DeltaNet::inputs>{normal_tensor(projected_shape(s), 1, 1, real),
                                     normal_tensor(matrix_shape(s), 1, 2, real)};
  };
  Run fast(op, inputs(DType::f32), DType::f32, Run::On::cpu),
      exact(op, inputs(DType::f64), DType::f64, Run::On::reference);
  for (Run* run : {&fast, &exact}) {
    run->forward();
    const Tensor& y = run->out[DeltaNet::y];
    run->dL_dout[DeltaNet::y] = normal_tensor(y.shape(), 1, 3, y.dtype());
    run->backward();
  }
  CHECK(relative_error(fast.out[DeltaNet::y], exact.out[DeltaNet::y]) <= 1e-5);
  CHECK(relative_error(fast.out[DeltaNet::w_last], exact.out[DeltaNet::w_last]) <= 1e-5);
  CHECK(relative_error(fast.dL_din[DeltaNet::projected], exact.dL_din[DeltaNet::projected]) <= 1e-5);
  CHECK(relative_error(fast.dL_din[DeltaNet::w_first], exact.dL_din[DeltaNet::w_first]) <= 1e-5);
}

TEST_CASE("DeltaNet: what does not fit is refused by name") {
  const DeltaNet op{.heads = 2, .eps = 0, .reset = {}};
  CHECK_THROWS_WITH(op.plan({Tensor::owning({4, 3, 48}, DType::f32), Tensor()}),
                    "delta_net: projected is [4, 3, 48], expected [B, T, 2 (3 d + 1)], for 2 heads of size d.");
  CHECK_THROWS_WITH(op.plan({Tensor::owning({4, 3, 50}, DType::f32), Tensor::owning({3, 2, 8, 8}, DType::f32)}),
                    "delta_net: w_first is 3 initial states, expected a number of initial states that divides the "
                    "batch of 4.");
}
