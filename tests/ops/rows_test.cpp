// Ops that move rows and labels about, and the loss.
#include <cmath>
#include <limits>

#include "ops/concat_one_hot.h"
#include "ops/cross_entropy.h"
#include "ops/flatten_chw.h"
#include "ops/op_harness.h"
#include "ops/select_rows.h"

namespace srwm::test {
namespace {

OpCase<ConcatOneHot> concat_case(std::int64_t rows, std::int64_t features, std::int64_t classes, std::uint64_t seed) {
  return {.name = fmt::format("{} rows, {} features, {} classes", rows, features, classes),
          .op = always(ConcatOneHot{.labels = random_labels({rows}, classes, seed), .classes = classes}),
          .in = {operand({rows, features})},
          .seed = seed};
}

std::vector<OpCase<ConcatOneHot>> concat_cases() {
  return {concat_case(1, 1, 1, 1), concat_case(7, 3, 5, 2), concat_case(33, 64, 20, 3)};
}
std::vector<OpCase<ConcatOneHot>> concat_speed_cases() {
  return {concat_case(768, 64, 5, 1)};
}

OpCase<CrossEntropy> loss_case(std::int64_t rows, std::int64_t classes, double size, std::uint64_t seed) {
  return {.name = fmt::format("{} rows, {} classes, logits of size {}", rows, classes, size),
          .op = always(CrossEntropy{.targets = random_labels({rows}, classes, seed)}),
          .in = {operand({rows, classes}, normal(0, size))},
          .seed = seed,
          .terms = classes,
          .differentiable = {true, false}};
}

std::vector<OpCase<CrossEntropy>> loss_cases() {
  return {loss_case(1, 2, 1, 1), loss_case(7, 5, 1, 2), loss_case(128, 5, 3, 3), loss_case(9, 33, 10, 4)};
}
std::vector<OpCase<CrossEntropy>> loss_speed_cases() {
  return {loss_case(128, 5, 1, 1), loss_case(4608, 5, 1, 1)};
}

OpCase<FlattenChw> flatten_case(Shape x, std::uint64_t seed) {
  return {.name = x.to_string(), .op = always(FlattenChw{}), .in = {operand(x)}, .seed = seed};
}

std::vector<OpCase<FlattenChw>> flatten_cases() {
  return {flatten_case({3, 1, 1, 7}, 1), flatten_case({2, 5, 4, 3}, 2), flatten_case({130, 5, 5, 32}, 3)};
}
std::vector<OpCase<FlattenChw>> flatten_speed_cases() {
  return {flatten_case({768, 1, 1, 64}, 1), flatten_case({416, 5, 5, 32}, 1)};
}

/// Picks every row whose draw says so.
OpCase<SelectRows> select_case(std::int64_t rows, std::int64_t width, double fraction, std::uint64_t seed) {
  const Tensor mask = random_mask({rows}, fraction, seed);
  std::vector<std::int32_t> picked;
  for (std::int64_t m = 0; m < rows; ++m) {
    if (mask.data<std::uint8_t>()[m] == 1) picked.push_back(static_cast<std::int32_t>(m));
  }
  const Shape shape{static_cast<std::int64_t>(picked.size())};
  return {.name = fmt::format("{} of {} rows, {} wide", picked.size(), rows, width),
          .op = always(SelectRows{.rows = Tensor::of<std::int32_t>(shape, picked)}),
          .in = {operand({rows, width})},
          .seed = seed};
}

std::vector<OpCase<SelectRows>> select_cases() {
  return {select_case(1, 3, 1, 1), select_case(9, 5, 0.4, 2), select_case(768, 33, 0.15, 3)};
}
std::vector<OpCase<SelectRows>> select_speed_cases() {
  return {select_case(768, 256, 0.17, 1)};
}

SRWM_TEST_OP(ConcatOneHot, concat_cases, concat_speed_cases)
SRWM_TEST_OP(CrossEntropy, loss_cases, loss_speed_cases)
SRWM_TEST_OP(FlattenChw, flatten_cases, flatten_speed_cases)
SRWM_TEST_OP(SelectRows, select_cases, select_speed_cases)

/// Loss and number of correct rows of the fast body.
std::pair<float, float> loss_and_correct(const std::vector<float>& logits, const std::vector<std::int32_t>& targets) {
  const Backend backend = bodiless_backend();
  Context context(backend, DType::f32, 1);
  const auto rows = static_cast<std::int64_t>(targets.size()),
             classes = static_cast<std::int64_t>(logits.size()) / rows;
  const CrossEntropy op{.targets = Tensor::of<std::int32_t>({rows}, targets)};
  const Tensors<1> in{Tensor::of<float>({rows, classes}, logits)};
  const Tensors<2> out{Tensor::owning({1}, DType::f32), Tensor::owning({1}, DType::f32)};
  CrossEntropy::Saved saved;
  cpu_backend().body<CrossEntropy>().forward(context, Forward<CrossEntropy>{op, in, out, saved});
  return {*out[0].data<float>(), *out[1].data<float>()};
}

TEST_CASE("CrossEntropy counts a row as correct when its first largest logit is the target's", "[ops]") {
  CHECK(loss_and_correct({1, 2, 2, 0}, {1}).second == 1.0f);
  CHECK(loss_and_correct({1, 2, 2, 0}, {2}).second == 0.0f);
  CHECK(loss_and_correct({0, 0, 0, 0}, {0}).first == Approx(std::log(4.0)));
}

TEST_CASE("CrossEntropy of a NaN logit is NaN and its row wrong; large logits do not overflow", "[ops]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto [loss, correct] = loss_and_correct({1, nan, 0, /**/ 5, 0, 0}, {0, 0});
  CHECK(std::isnan(loss));
  CHECK(correct == 1.0f);
  CHECK(std::isnan(loss_and_correct({nan, 1}, {0}).first));
  CHECK(loss_and_correct({1000, -1000}, {0}).first == 0.0f);
  CHECK(loss_and_correct({1000, -1000}, {1}).first == 2000.0f);
}

}  // namespace
}  // namespace srwm::test
