#include "ops/max_pool2x2.h"

#include <cmath>
#include <limits>

#include "ops/op_harness.h"

namespace srwm::test {
namespace {

OpCase<MaxPool2x2> pool_case(Shape x, std::uint64_t seed) {
  return {.name = x.to_string(), .op = always(MaxPool2x2{}), .in = {operand(x)}, .seed = seed};
}

std::vector<OpCase<MaxPool2x2>> cases() {
  return {pool_case({1, 2, 2, 1}, 1), pool_case({2, 3, 5, 3}, 2), pool_case({3, 4, 4, 31}, 3),
          pool_case({2, 7, 6, 64}, 4), pool_case({1, 5, 5, 81}, 5)};
}

std::vector<OpCase<MaxPool2x2>> speed_cases() {
  return {pool_case({768, 14, 14, 64}, 1)};
}

SRWM_TEST_OP(MaxPool2x2, cases, speed_cases)

/// Pools one window of one channel on both bodies and gives the value and the winner of each.
struct Pooled {
  float value;
  int winner;
};

Pooled pool_one(const Body<MaxPool2x2>& body, const std::vector<float>& window) {
  const Backend backend = bodiless_backend();
  Context context(backend, DType::f32, 1);
  const Tensors<1> in = {Tensor::of<float>({1, 2, 2, 1}, window)}, out = {Tensor::owning({1, 1, 1, 1}, DType::f32)};
  MaxPool2x2::Saved saved;
  body.forward(context, {MaxPool2x2{}, in, out, saved});
  return {out[0].data<float>()[0], saved.winner.data<std::uint8_t>()[0]};
}

TEST_CASE("MaxPool2x2: the first of equals wins, a NaN wins, infinities are ordinary") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<std::vector<float>, int>> windows = {
      {{1, 1, 1, 1}, 0},   {{0, 2, 1, 2}, 1},         {{nan, 5, 6, 7}, 0},           {{5, nan, 6, 7}, 1},
      {{5, 6, 7, nan}, 3}, {{-inf, -inf, -3, -4}, 2}, {{-inf, -inf, -inf, -inf}, 0}, {{1, inf, 2, inf}, 1},
  };
  for (const auto& body : {cpu_backend().body<MaxPool2x2>(), reference::body_of(Tag<MaxPool2x2>{}, DType::f32)}) {
    for (const auto& [window, winner] : windows) {
      const Pooled pooled = pool_one(body, window);
      const float expected = window[static_cast<std::size_t>(winner)];
      INFO("window " << window[0] << " " << window[1] << " " << window[2] << " " << window[3]);
      CHECK(pooled.winner == winner);
      CHECK((pooled.value == expected || (std::isnan(pooled.value) && std::isnan(expected))));
    }
  }
}

TEST_CASE("MaxPool2x2 refuses images without a window") {
  const Tensor flat = Tensor::owning({1, 1, 8, 4}, DType::f32);
  CHECK_THROWS_AS(MaxPool2x2{}.plan({flat}), ShapeError);
}

}  // namespace
}  // namespace srwm::test
