// Small ops that work head by head.
#include <cmath>

#include "ops/delta_net.h"
#include "ops/head_linear.h"
#include "ops/op_harness.h"
#include "ops/op_run.h"
#include "ops/shift_keys.h"

namespace srwm::test {
namespace {

OpCase<HeadLinear> head_linear_case(std::int64_t rows, std::int64_t heads, std::int64_t d, std::int64_t e,
                                    std::uint64_t seed) {
  return {.name = fmt::format("{} rows, {} heads {} -> {}", rows, heads, d, e),
          .op = always(HeadLinear{}),
          .in = {operand({rows, heads * d}), operand({heads, d, e})},
          .seed = seed,
          .terms = std::max(rows, std::max(d, e))};
}
std::vector<OpCase<HeadLinear>> head_linear_cases() {
  return {head_linear_case(1, 1, 1, 1, 1), head_linear_case(7, 3, 5, 2, 2), head_linear_case(65, 8, 16, 16, 3)};
}
std::vector<OpCase<HeadLinear>> head_linear_speed_cases() {
  return {head_linear_case(1632, 8, 16, 16, 1)};
}

OpCase<ShiftKeys> shift_case(std::int64_t batch, std::int64_t steps, std::int64_t heads, std::int64_t d,
                             std::uint64_t seed) {
  return {.name = fmt::format("B {} T {} heads {} d {}", batch, steps, heads, d),
          .op = always(ShiftKeys{.heads = heads}),
          .in = {operand({batch, steps, heads * (3 * d + 1)})},
          .seed = seed,
          .terms = d};
}
std::vector<OpCase<ShiftKeys>> shift_cases() {
  return {shift_case(1, 1, 1, 1, 1), shift_case(2, 3, 2, 5, 2), shift_case(3, 9, 8, 16, 3)};
}
std::vector<OpCase<ShiftKeys>> shift_speed_cases() {
  return {shift_case(32, 51, 8, 16, 1)};
}

SRWM_TEST_OP(HeadLinear, head_linear_cases, head_linear_speed_cases)
SRWM_TEST_OP(ShiftKeys, shift_cases, shift_speed_cases)

TEST_CASE("with shifted keys DeltaNet stores and reads under softmax keys", "[ops]") {
  constexpr std::int64_t d = 4;
  const Tensor x = normal_tensor({1, 1, 3 * d + 1}, 2, 60, DType::f64);
  OpRun<ShiftKeys> shift({.heads = 1}, {x}, DType::f64, OpRun<ShiftKeys>::On::reference);
  shift.forward();
  OpRun<DeltaNet> memory({.heads = 1, .eps = 0, .reset = {}}, {shift.out[0], Tensor()}, DType::f64,
                         OpRun<DeltaNet>::On::reference);
  memory.forward();
  const double* p = x.data<double>();
  double sum_q = 0, sum_k = 0, product = 0;
  for (std::int64_t i = 0; i < d; ++i) {
    sum_q += std::exp(p[i]);
    sum_k += std::exp(p[d + i]);
    product += std::exp(p[i] + p[d + i]);
  }
  const double beta = 1 / (1 + std::exp(-p[3 * d]));
  for (std::int64_t r = 0; r < d; ++r) {  // y = beta v <k', q'> from an empty memory
    CHECK(std::abs(memory.out[DeltaNet::y].data<double>()[r] - beta * p[2 * d + r] * product / (sum_q * sum_k)) <=
          1e-12);
  }
}

TEST_CASE("ops on heads refuse what does not fit", "[ops]") {
  const Tensor x = Tensor::owning({2, 3, 8}, DType::f32);
  CHECK_THROWS_AS(HeadLinear{}.plan({x, Tensor::owning({2, 3, 4}, DType::f32)}), ShapeError);
  CHECK_THROWS_AS(ShiftKeys{.heads = 3}.plan({x}), ShapeError);
}

}  // namespace
}  // namespace srwm::test
