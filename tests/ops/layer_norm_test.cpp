#include "ops/layer_norm.h"

#include "ops/op_harness.h"

namespace srwm::test {
namespace {

OpCase<LayerNorm> layer_norm_case(Shape x, Draw values, std::uint64_t seed) {
  const Shape width{x[-1]};
  return {.name = x.to_string(),
          .op = always(LayerNorm{}),
          .in = {operand(x, std::move(values)), operand(width, normal(1, 0.2)), operand(width)},
          .seed = seed,
          .terms = std::max(x[-1], x.numel() / x[-1])};
}

std::vector<OpCase<LayerNorm>> cases() {
  return {layer_norm_case({4, 3}, normal(), 1), layer_norm_case({5, 31}, normal(), 2),
          layer_norm_case({2, 3, 33}, normal(0.5, 2), 3), layer_norm_case({67, 127}, normal(), 4),
          layer_norm_case({130, 256}, normal(-1, 3), 5)};
}

std::vector<OpCase<LayerNorm>> speed_cases() {
  return {layer_norm_case({768, 256}, normal(), 1)};
}

SRWM_TEST_OP(LayerNorm, cases, speed_cases)

}  // namespace
}  // namespace srwm::test
