#include "ops/conv3x3.h"

#include "ops/op_harness.h"

namespace srwm::test {
namespace {

/// Winograd's transforms add rounding errors: conv_accuracy_test.cpp measures them.
constexpr double winograd_amplification = 4;

OpCase<Conv3x3> conv_case(Shape x, std::int64_t out, std::uint64_t seed, bool bias = true) {
  const std::int64_t in = x[3];
  return {.name = x.to_string() + " -> " + std::to_string(out) + (bias ? "" : " without bias"),
          .op = always(Conv3x3{}),
          .in = {operand(x), operand({out, in, 3, 3}, normal(0, 0.3)), bias ? operand({out}) : absent()},
          .seed = seed,
          .terms = std::max(9 * std::max(in, out), x[0] * x[1] * x[2]),
          .amplification = winograd_amplification};
}

std::vector<OpCase<Conv3x3>> cases() {
  return {conv_case({1, 1, 1, 1}, 1, 1),    conv_case({2, 2, 5, 3}, 2, 2),   conv_case({3, 4, 4, 16}, 16, 3, false),
          conv_case({2, 5, 3, 15}, 17, 4),  conv_case({1, 9, 8, 33}, 31, 5), conv_case({2, 7, 7, 64}, 64, 6),
          conv_case({33, 2, 3, 32}, 48, 7), conv_case({2, 13, 1, 4}, 80, 8), conv_case({1, 29, 31, 16}, 8, 9),
          conv_case({3, 6, 5, 40}, 20, 10)};
}

std::vector<OpCase<Conv3x3>> speed_cases() {
  return {conv_case({768, 28, 28, 1}, 64, 1), conv_case({768, 14, 14, 64}, 64, 2), conv_case({768, 7, 7, 64}, 64, 3),
          conv_case({768, 3, 3, 64}, 64, 4), conv_case({32, 84, 84, 3}, 32, 5)};
}

SRWM_TEST_OP(Conv3x3, cases, speed_cases)

#ifdef SRWM_TEST_CUDA
TEST_CASE("Conv3x3: CUDA body in lower precisions", "[cuda]") {
  for (const auto& test : {conv_case({3, 4, 4, 16}, 16, 3, false), conv_case({2, 7, 7, 64}, 64, 6),
                           conv_case({33, 2, 3, 32}, 48, 7), conv_case({3, 6, 5, 40}, 20, 10)}) {
    check_device_precisions(test);
  }
}
#endif

}  // namespace
}  // namespace srwm::test
