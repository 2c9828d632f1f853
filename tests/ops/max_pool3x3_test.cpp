#include "ops/max_pool3x3.h"

#include <cmath>
#include <limits>

#include "ops/op_harness.h"
#include "ops/op_run.h"

namespace srwm::test {
namespace {

OpCase<MaxPool3x3> pool_case(Shape x, std::uint64_t seed) {
  return {.name = x.to_string(), .op = always(MaxPool3x3{}), .in = {operand(x)}, .seed = seed};
}

std::vector<OpCase<MaxPool3x3>> cases() {
  return {pool_case({1, 1, 1, 1}, 1), pool_case({2, 3, 5, 3}, 2), pool_case({3, 4, 4, 31}, 3),
          pool_case({2, 7, 6, 32}, 4), pool_case({1, 2, 9, 17}, 5)};
}

std::vector<OpCase<MaxPool3x3>> speed_cases() {
  return {pool_case({1632, 64, 64, 16}, 1), pool_case({1632, 32, 32, 32}, 1)};
}

SRWM_TEST_OP(MaxPool3x3, cases, speed_cases)

TEST_CASE("MaxPool3x3: the first of equals wins, a NaN wins, nothing outside the image does") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  // Images of 2 x 3: the window at (0, 0) has elements (0, 0), (0, 1), (1, 0), (1, 1) as k = 4, 5, 7, 8.
  const std::vector<std::pair<std::vector<float>, int>> images = {
      {{-1, -1, 9, -1, -1, 9}, 4}, {{-3, -1, 9, -2, -1, 9}, 5},       {{-3, -4, 9, -2, -5, 9}, 7},
      {{1, nan, 9, 7, 2, 9}, 5},   {{-inf, -inf, 9, -inf, -2, 9}, 8}, {{nan, 1, 9, nan, 2, 9}, 7},
  };
  for (const auto on : {OpRun<MaxPool3x3>::On::cpu, OpRun<MaxPool3x3>::On::reference}) {
    for (const auto& [image, winner] : images) {
      OpRun<MaxPool3x3> run({}, {Tensor::of<float>({1, 2, 3, 1}, image)}, DType::f32, on);
      run.forward();
      run.dL_dout[0] = Tensor::of<float>({1, 1, 2, 1}, std::vector<float>{1, 0});
      run.backward();
      const int at = (winner / 3 - 1) * 3 + winner % 3 - 1;
      for (int i = 0; i < 6; ++i) CHECK(run.dL_din[0].data<float>()[i] == (i == at ? 1.0f : 0.0f));
    }
  }
}

}  // namespace
}  // namespace srwm::test
