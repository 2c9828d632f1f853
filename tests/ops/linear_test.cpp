#include "ops/linear.h"

#include "ops/op_harness.h"

namespace srwm::test {
namespace {

OpCase<Linear> linear_case(Shape x, std::int64_t out_dim, std::uint64_t seed, bool bias = true) {
  const std::int64_t ins = x[-1], rows = x.numel() / ins;
  return {.name = x.to_string() + " -> " + std::to_string(out_dim) + (bias ? "" : " without bias"),
          .op = always(Linear{}),
          .in = {operand(x), operand({out_dim, ins}, normal(0, 0.3)), bias ? operand({out_dim}) : absent()},
          .seed = seed,
          .terms = std::max({ins, out_dim, rows})};
}

std::vector<OpCase<Linear>> cases() {
  return {linear_case({1, 1}, 1, 1),        linear_case({5, 17}, 31, 2),         linear_case({3, 4, 33}, 5, 3),
          linear_case({2, 3, 4, 8}, 65, 4), linear_case({33, 69}, 64, 5, false), linear_case({257, 127}, 100, 6)};
}

std::vector<OpCase<Linear>> speed_cases() {
  return {linear_case({768, 69}, 256, 1), linear_case({768, 256}, 256, 1, false), linear_case({768, 256}, 1024, 1),
          linear_case({768, 1024}, 256, 1), linear_case({128, 256}, 5, 1)};
}

SRWM_TEST_OP(Linear, cases, speed_cases)

#ifdef SRWM_TEST_CUDA
TEST_CASE("Linear: CUDA body in lower precisions", "[cuda]") {
  for (const auto& test : {linear_case({33, 69}, 64, 5, false), linear_case({257, 127}, 100, 6)}) {
    check_device_precisions(test);
  }
}
#endif

}  // namespace
}  // namespace srwm::test
