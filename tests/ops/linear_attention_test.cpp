#include "ops/linear_attention.h"

#include <cmath>
#include <numeric>

#include "ops/op_harness.h"
#include "ops/op_run.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Sizes {
  std::int64_t batch, steps, heads, d;
  std::int64_t groups;  ///< 0: no w_first
};

OpCase<LinearAttention> linear_attention_case(Sizes s, double eps, double reset_probability, std::uint64_t seed) {
  LinearAttention op{.heads = s.heads, .eps = eps, .reset = {}};
  if (reset_probability > 0) op.reset = random_mask({s.batch, s.steps}, reset_probability, seed);
  return {.name = fmt::format("B {} T {} heads {} d {} groups {} eps {}{}", s.batch, s.steps, s.heads, s.d, s.groups,
                              eps, op.reset ? " reset" : ""),
          .op = always(op),
          // elu has its kink at zero
          .in = {operand({s.batch, s.steps, 3 * s.heads * s.d}, away_from_zero(0.01, 2)),
                 s.groups > 0 ? operand({s.groups, s.heads, s.d, s.d}) : absent()},
          .seed = seed,
          .terms = s.d * s.steps * s.batch};
}

std::vector<OpCase<LinearAttention>> linear_attention_cases() {
  return {linear_attention_case({1, 1, 1, 16, 0}, 0, 0, 1),   linear_attention_case({3, 6, 2, 8, 0}, 0, 0, 2),
          linear_attention_case({3, 6, 2, 8, 1}, 1e-5, 0, 3), linear_attention_case({4, 35, 2, 16, 2}, 1e-5, 0.2, 4),
          linear_attention_case({2, 33, 3, 16, 2}, 0, 0, 5),  linear_attention_case({2, 17, 2, 32, 0}, 0, 0.2, 6),
          linear_attention_case({1, 9, 2, 64, 1}, 0, 0, 7),   linear_attention_case({2, 5, 1, 128, 1}, 1e-5, 0.2, 8),
          linear_attention_case({2, 4, 2, 5, 1}, 0, 0.3, 9),  linear_attention_case({67, 2, 1, 8, 1}, 0, 0.5, 10)};
}

std::vector<OpCase<LinearAttention>> linear_attention_speed_cases() {
  return {linear_attention_case({128, 6, 16, 16, 0}, 0, 0, 1), linear_attention_case({16, 150, 16, 16, 0}, 0, 0, 1),
          linear_attention_case({128, 6, 4, 64, 0}, 0, 0, 1)};
}

using Vector = std::vector<double>;

Vector feature_map(const float* z, std::size_t d) {
  Vector f;
  for (std::size_t i = 0; i < d; ++i) f.push_back(z[i] > 0 ? z[i] + 1.0 : std::exp(double{z[i]}));
  const double sum = std::accumulate(f.begin(), f.end(), 0.0);
  for (double& value : f) value /= sum;
  return f;
}

/// y_t = sum over j <= t of v_j (k'_j . q'_t): what the additive memory is without any matrix. One sequence and head.
double worst_difference_from_attention(OpRun<LinearAttention>& run, std::int64_t steps, std::size_t d) {
  run.forward();
  const float* projected = run.in[LinearAttention::projected].data<float>();
  double worst = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    const Vector q = feature_map(projected + t * 3 * static_cast<std::int64_t>(d), d);
    Vector y(d, 0);
    for (std::int64_t j = 0; j <= t; ++j) {
      const float* other = projected + j * 3 * static_cast<std::int64_t>(d);
      const Vector k = feature_map(other + d, d);
      const double weight = std::inner_product(k.begin(), k.end(), q.begin(), 0.0);
      for (std::size_t i = 0; i < d; ++i) y[i] += weight * double{other[2 * d + i]};
    }
    for (std::size_t i = 0; i < d; ++i) {
      const double found = run.out[LinearAttention::y].data<float>()[static_cast<std::size_t>(t) * d + i];
      if (!(std::abs(found - y[i]) <= worst)) worst = std::abs(found - y[i]);
    }
  }
  return worst;
}

}  // namespace

SRWM_TEST_OP(LinearAttention, linear_attention_cases, linear_attention_speed_cases)

TEST_CASE("LinearAttention: the additive memory is attention without softmax") {
  using Run = OpRun<LinearAttention>;
  for (const Run::On on : {Run::On::cpu, Run::On::reference}) {
    for (const std::int64_t d : {16, 24}) {
      Run run({}, {normal_tensor({1, 21, 3 * d}, 1, 1), Tensor()}, DType::f32, on);
      CHECK(worst_difference_from_attention(run, 21, static_cast<std::size_t>(d)) <= 1e-5);
    }
  }
}

TEST_CASE("LinearAttention: what does not fit is refused by name") {
  const LinearAttention op{.heads = 2};
  CHECK_THROWS_WITH(op.plan({Tensor::owning({4, 3, 50}, DType::f32), Tensor()}),
                    "linear_attention: projected is [4, 3, 50], expected [B, T, 2 3 d], for 2 heads of size d.");
}
