// Terms of a loss.
#include "ops/kl_divergence.h"
#include "ops/mean_squares.h"
#include "ops/op_harness.h"
#include "ops/weighted_sum.h"

namespace srwm::test {
namespace {

/// Standard normal numbers rounded to float, in the given type.
Tensor given_tensor(Shape shape, DType real, std::uint64_t seed) {
  RandomSequence random(seed, Stream::init, 0, 77);
  Tensor tensor = Tensor::owning(shape, real);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    const auto value = static_cast<float>(random.normal());
    if (real == DType::f64) {
      tensor.data<double>()[i] = value;
    } else {
      tensor.data<float>()[i] = value;
    }
  }
  return tensor;
}

OpCase<KlDivergence> kl_case(std::int64_t rows, std::int64_t classes, double deviation, std::uint64_t seed) {
  const Shape shape{rows, classes};
  return {.name = fmt::format("{} x {}, deviation {}", rows, classes, deviation),
          .op = [=](DType real) { return KlDivergence{.target = given_tensor(shape, real, seed)}; },
          .in = {operand(shape, normal(0, deviation))},
          .seed = seed,
          .terms = classes + rows};
}

std::vector<OpCase<KlDivergence>> kl_cases() {
  return {kl_case(1, 2, 1, 1), kl_case(5, 5, 1, 2), kl_case(129, 5, 3, 3), kl_case(33, 65, 1, 4)};
}
std::vector<OpCase<KlDivergence>> kl_speed_cases() {
  return {kl_case(128, 5, 1, 1)};
}

OpCase<MeanSquares> squares_case(Shape shape, std::array<std::int64_t, 4> widths, std::uint64_t seed) {
  return {.name = fmt::format("{} in blocks of {}, {}, {}, {}", shape.to_string(), widths[0], widths[1], widths[2],
                              widths[3]),
          .op = [=](DType real) { return MeanSquares{.target = given_tensor(shape, real, seed), .widths = widths}; },
          .in = {operand(shape)},
          .seed = seed,
          .terms = 4 * shape.numel() / shape[shape.rank() - 1]};
}

std::vector<OpCase<MeanSquares>> squares_cases() {
  return {squares_case({1, 1}, {}, 1), squares_case({3, 31}, {}, 2), squares_case({2, 3, 5, 19}, {5, 5, 5, 4}, 3),
          squares_case({130, 33}, {1, 32, 0, 0}, 4)};
}
std::vector<OpCase<MeanSquares>> squares_speed_cases() {
  return {squares_case({16, 16, 16, 52}, {16, 16, 16, 4}, 1)};
}

OpCase<WeightedSum> sum_case(std::array<double, 3> weights, std::uint64_t seed) {
  return {.name = fmt::format("{}, {}, {}", weights[0], weights[1], weights[2]),
          .op = always(WeightedSum{.weights = weights}),
          .in = {operand({1}), operand({1}), operand({1})},
          .seed = seed,
          .terms = 3};
}

std::vector<OpCase<WeightedSum>> sum_cases() {
  return {sum_case({1, 10, 1}, 1), sum_case({0.5, 0, 3}, 2)};
}

SRWM_TEST_OP(KlDivergence, kl_cases, kl_speed_cases)
SRWM_TEST_OP(MeanSquares, squares_cases, squares_speed_cases)
SRWM_TEST_OP(WeightedSum, sum_cases, sum_cases)

}  // namespace
}  // namespace srwm::test
