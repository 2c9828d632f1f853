// The small ops on images: dropout of whole channels, mean over space.
#include <algorithm>
#include <cmath>

#include "ops/channel_dropout.h"
#include "ops/global_avg_pool.h"
#include "ops/op_harness.h"
#include "ops/op_run.h"

namespace srwm::test {
namespace {

OpCase<ChannelDropout> channel_dropout_case(Shape shape, double p, std::uint64_t seed) {
  return {.name = fmt::format("{} p {}", shape.to_string(), p),
          .op = always(ChannelDropout{.p = p, .site = 3}),
          .in = {operand(shape)},
          .seed = seed};
}

std::vector<OpCase<ChannelDropout>> channel_dropout_cases() {
  return {channel_dropout_case({1, 1, 1, 1}, 0.5, 1), channel_dropout_case({3, 2, 5, 31}, 0.3, 2),
          channel_dropout_case({2, 4, 4, 64}, 0.1, 3), channel_dropout_case({5, 1, 3, 17}, 0, 4)};
}

std::vector<OpCase<ChannelDropout>> channel_dropout_speed_cases() {
  return {channel_dropout_case({416, 16, 16, 64}, 0.3, 1)};
}

OpCase<GlobalAvgPool> global_avg_pool_case(Shape shape, std::uint64_t seed) {
  return {.name = shape.to_string(),
          .op = always(GlobalAvgPool{}),
          .in = {operand(shape)},
          .seed = seed,
          .terms = shape[1] * shape[2]};
}

std::vector<OpCase<GlobalAvgPool>> global_avg_pool_cases() {
  return {global_avg_pool_case({1, 1, 1, 1}, 1), global_avg_pool_case({3, 2, 5, 31}, 2),
          global_avg_pool_case({2, 5, 5, 64}, 3)};
}

std::vector<OpCase<GlobalAvgPool>> global_avg_pool_speed_cases() {
  return {global_avg_pool_case({416, 5, 5, 256}, 1)};
}

SRWM_TEST_OP(ChannelDropout, channel_dropout_cases, channel_dropout_speed_cases)
SRWM_TEST_OP(GlobalAvgPool, global_avg_pool_cases, global_avg_pool_speed_cases)

TEST_CASE("ChannelDropout drops whole channels, each with its probability, and scales the others") {
  const std::int64_t images = 40, pixels = 6, channels = 50;
  for (const auto on : {OpRun<ChannelDropout>::On::cpu, OpRun<ChannelDropout>::On::reference}) {
    const Tensor ones = Tensor::owning({images, 2, 3, channels}, DType::f32);
    std::ranges::fill(ones.span<float>(), 1.0f);
    OpRun<ChannelDropout> run({.p = 0.25, .site = 7}, {ones}, DType::f32, on);
    run.forward();
    const float* y = run.out[0].data<float>();
    std::int64_t kept = 0;
    for (std::int64_t n = 0; n < images; ++n) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const float first = y[n * pixels * channels + c];
        kept += first != 0 ? 1 : 0;
        bool alike = true;
        for (std::int64_t p = 0; p < pixels; ++p) alike = alike && y[(n * pixels + p) * channels + c] == first;
        CHECK(alike);
        CHECK((first == 0 || first == Approx(1 / 0.75)));
      }
    }
    CHECK(std::abs(static_cast<double>(kept) / 2000 - 0.75) <= 0.04);  // four standard deviations
  }
}

}  // namespace
}  // namespace srwm::test
