// Ops on batches of rows and of states.
#include "ops/append_column.h"
#include "ops/broadcast_add.h"
#include "ops/masked_fill.h"
#include "ops/op_harness.h"
#include "ops/op_run.h"
#include "ops/swap_axes.h"

namespace srwm::test {
namespace {

OpCase<AppendColumn> append_case(std::int64_t rows, std::int64_t features, std::uint64_t seed) {
  return {.name = fmt::format("{} rows, {} features", rows, features),
          .op = always(AppendColumn{.column = normal_tensor({rows}, 2, 40), .limit = 1}),
          .in = {operand({rows, features})},
          .seed = seed};
}
std::vector<OpCase<AppendColumn>> append_cases() {
  return {append_case(1, 1, 1), append_case(7, 3, 2), append_case(33, 256, 3)};
}
std::vector<OpCase<AppendColumn>> append_speed_cases() {
  return {append_case(1632, 256, 1)};
}

OpCase<BroadcastAdd> broadcast_add_case(Shape x, double scale, std::uint64_t seed) {
  Shape shared{1};
  for (int axis = 1; axis < x.rank(); ++axis) shared.push_back(x[axis]);
  return {.name = fmt::format("{} scale {}", x.to_string(), scale),
          .op = always(BroadcastAdd{.scale = scale}),
          .in = {operand(x), operand(shared)},
          .seed = seed,
          .terms = x[0]};
}
std::vector<OpCase<BroadcastAdd>> broadcast_add_cases() {
  return {broadcast_add_case({1, 1}, 1, 1), broadcast_add_case({7, 2, 3, 5}, -1, 2),
          broadcast_add_case({65, 33}, 0.5, 3)};
}
std::vector<OpCase<BroadcastAdd>> broadcast_add_speed_cases() {
  return {broadcast_add_case({48, 8, 16, 52}, 1, 1)};
}

OpCase<SwapAxes> swap_case(Shape x, std::uint64_t seed) {
  return {.name = x.to_string(), .op = always(SwapAxes{}), .in = {operand(x)}, .seed = seed};
}
std::vector<OpCase<SwapAxes>> swap_cases() {
  return {swap_case({1, 1, 1}, 1), swap_case({3, 5, 7}, 2), swap_case({33, 2, 64}, 3)};
}
std::vector<OpCase<SwapAxes>> swap_speed_cases() {
  return {swap_case({32, 51, 257}, 1)};
}

OpCase<MaskedFill> zero_case(Shape x, std::int64_t steps, std::int64_t step, std::uint64_t seed) {
  return {.name = fmt::format("{} step {} of {}", x.to_string(), step, steps),
          .op = always(MaskedFill{.mask = random_mask({x[0], steps}, 0.4, seed), .step = step}),
          .in = {operand(x)},
          .seed = seed};
}
std::vector<OpCase<MaskedFill>> zero_cases() {
  return {zero_case({1, 3}, 1, 0, 1), zero_case({9, 2, 5}, 4, 3, 2), zero_case({33, 31}, 3, 1, 3)};
}
std::vector<OpCase<MaskedFill>> zero_speed_cases() {
  return {zero_case({48, 8, 16, 52}, 51, 7, 1)};
}

SRWM_TEST_OP(AppendColumn, append_cases, append_speed_cases)
SRWM_TEST_OP(BroadcastAdd, broadcast_add_cases, broadcast_add_speed_cases)
SRWM_TEST_OP(SwapAxes, swap_cases, swap_speed_cases)
SRWM_TEST_OP(MaskedFill, zero_cases, zero_speed_cases)

TEST_CASE("AppendColumn clips what it appends", "[ops]") {
  OpRun<AppendColumn> run({.column = Tensor::of<float>({4}, std::vector<float>{-3, -0.5f, 0.25f, 10}), .limit = 1},
                          {Tensor::owning({4, 2}, DType::f32)}, DType::f32, OpRun<AppendColumn>::On::cpu);
  run.forward();
  const float expected[] = {-1, -0.5f, 0.25f, 1};
  for (int m = 0; m < 4; ++m) CHECK(run.out[0].data<float>()[3 * m + 2] == expected[m]);
}

TEST_CASE("ops on batches refuse what does not fit", "[ops]") {
  const Tensor x = Tensor::owning({4, 3}, DType::f32);
  CHECK_THROWS_AS(AppendColumn{}.plan({x}), ShapeError);
  CHECK_THROWS_AS(BroadcastAdd{}.plan({x, Tensor::owning({2, 3}, DType::f32)}), ShapeError);
  CHECK_THROWS_AS(SwapAxes{}.plan({x}), ShapeError);
  CHECK_THROWS_AS((MaskedFill{.mask = random_mask({4, 2}, 0.5, 1), .step = 2}.plan({x})), ShapeError);
  CHECK_THROWS_AS((MaskedFill{.mask = random_mask({3, 2}, 0.5, 1), .step = 1}.plan({x})), ShapeError);
}

}  // namespace
}  // namespace srwm::test
