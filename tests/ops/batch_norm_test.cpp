#include "ops/batch_norm.h"

#include "ops/norm_state.h"
#include "ops/op_harness.h"

namespace srwm::test {
namespace {

struct Activation {
  double slope = 1;
  bool residual = false;
};

OpCase<BatchNorm> norm_case(Shape x, bool training, std::uint64_t seed, Draw values = normal(0.3, 1.5),
                            Activation activation = {}) {
  const std::int64_t channels = x[3];
  return {.name = fmt::format("{} {} slope {}{}", x.to_string(), training ? "training" : "evaluation", activation.slope,
                              activation.residual ? " residual" : ""),
          .op =
              [=](DType real) {
                return BatchNorm{.state = norm_state(real, channels, training), .slope = activation.slope};
              },
          .in = {operand(x, std::move(values)), operand({channels}, normal(0.5, 1)), operand({channels}),
                 activation.residual ? operand(x, normal(0, 2)) : absent()},
          .seed = seed,
          .terms = x.numel() / channels,
          .state = running_statistics<BatchNorm>};
}

std::vector<OpCase<BatchNorm>> cases() {
  return {norm_case({5, 1, 1, 1}, true, 1),
          norm_case({2, 3, 5, 3}, true, 2),
          norm_case({3, 4, 4, 31}, true, 3),
          norm_case({7, 13, 12, 64}, true, 4),
          norm_case({2, 5, 5, 81}, true, 5),
          norm_case({1, 3, 5, 17}, false, 6),
          norm_case({3, 14, 14, 64}, false, 7),
          norm_case({4, 9, 9, 16}, true, 8, normal(20, 0.5)),
          norm_case({2, 5, 3, 33}, true, 9, normal(0.3, 1.5), {.slope = 0.1}),
          norm_case({3, 4, 4, 31}, true, 10, normal(0.3, 1.5), {.slope = 0.1, .residual = true}),
          norm_case({2, 3, 7, 64}, true, 11, normal(0.3, 1.5), {.residual = true}),
          norm_case({3, 5, 5, 17}, false, 12, normal(0.3, 1.5), {.slope = 0.2, .residual = true})};
}

std::vector<OpCase<BatchNorm>> speed_cases() {
  return {norm_case({768, 14, 14, 64}, true, 1),
          norm_case({768, 14, 14, 64}, true, 1, normal(0.3, 1.5), {.slope = 0.1, .residual = true})};
}

SRWM_TEST_OP(BatchNorm, cases, speed_cases)

TEST_CASE("BatchNorm refuses a single value per channel in training, since it has no variance") {
  const Tensor x = Tensor::owning({1, 1, 1, 2}, DType::f32), c = Tensor::owning({2}, DType::f32);
  CHECK_THROWS_AS(BatchNorm{norm_state(DType::f32, 2, true)}.plan({x, c, c, {}}), ShapeError);
  CHECK_NOTHROW(BatchNorm{norm_state(DType::f32, 2, false)}.plan({x, c, c, {}}));
}

}  // namespace
}  // namespace srwm::test
