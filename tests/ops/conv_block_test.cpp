#include "ops/conv_block.h"

#include "ops/norm_state.h"
#include "ops/op_harness.h"

namespace srwm::test {
namespace {

/// As for Conv3x3; batch-norm then divides by the deviation, and its gradient is a small difference of sums.
constexpr double amplification = 8;

OpCase<ConvBlock> block_case(Shape x, std::int64_t out, bool training, std::uint64_t seed) {
  const std::int64_t in = x[3];
  Operand bias = operand({out});
  bias.least_scale = 1;  // in training its gradient is zero
  return {.name = x.to_string() + " -> " + std::to_string(out) + (training ? " training" : " evaluation"),
          .op = [=](DType real) { return ConvBlock{norm_state(real, out, training)}; },
          .in = {operand(x), operand({out, in, 3, 3}, normal(0, 0.3)), bias, operand({out}, normal(0.5, 1)),
                 operand({out})},
          .seed = seed,
          .terms = std::max(9 * std::max(in, out), x[0] * x[1] * x[2]),
          .amplification = amplification,
          .state = running_statistics<ConvBlock>};
}

OpCase<ConvBlock> first_layer_case(Shape x, std::int64_t out, bool training, std::uint64_t seed) {
  OpCase<ConvBlock> test = block_case(x, out, training, seed);
  test.name += " first layer";
  test.in[ConvBlock::x].gradient = false;
  return test;
}

std::vector<OpCase<ConvBlock>> cases() {
  return {block_case({2, 2, 3, 1}, 1, true, 1),          block_case({2, 5, 4, 3}, 5, true, 2),
          block_case({3, 7, 7, 16}, 16, true, 3),        block_case({5, 3, 3, 64}, 48, true, 4),
          block_case({2, 9, 8, 20}, 33, true, 5),        block_case({2, 6, 5, 16}, 17, false, 6),
          block_case({2, 6, 7, 64}, 32, true, 7),        first_layer_case({2, 12, 14, 1}, 64, true, 8),
          first_layer_case({2, 11, 10, 3}, 32, true, 9), first_layer_case({2, 10, 9, 1}, 64, false, 10),
          first_layer_case({2, 9, 7, 2}, 19, true, 11),  block_case({2, 8, 9, 1}, 16, false, 12),
          first_layer_case({2, 7, 40, 3}, 70, true, 13), first_layer_case({11, 28, 28, 1}, 8, true, 14)};
}

std::vector<OpCase<ConvBlock>> speed_cases() {
  return {first_layer_case({768, 28, 28, 1}, 64, true, 1), block_case({768, 14, 14, 64}, 64, true, 2),
          block_case({768, 7, 7, 64}, 64, true, 3), block_case({768, 3, 3, 64}, 64, true, 4),
          first_layer_case({32, 84, 84, 3}, 32, true, 5)};
}

SRWM_TEST_OP(ConvBlock, cases, speed_cases)

#ifdef SRWM_TEST_CUDA
TEST_CASE("ConvBlock: CUDA body in lower precisions", "[cuda]") {
  for (const auto& test : {block_case({5, 3, 3, 64}, 48, true, 4), block_case({2, 6, 7, 64}, 32, false, 7)}) {
    check_device_precisions(test, false);
  }
}
#endif

}  // namespace
}  // namespace srwm::test
