#include "ops/sample_actions.h"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "ops/backend.h"

using namespace srwm;

namespace {

struct Drawn {
  std::vector<std::int32_t> actions;
  std::vector<float> log_probs;
};

/// Draws an action for each of `rows` copies of the same logits.
Drawn draw(Context& context, const std::vector<float>& logits, std::int64_t rows, bool greedy = false,
           std::uint64_t first_block = 0) {
  const auto count = static_cast<std::int64_t>(logits.size());
  const Tensor table = Tensor::owning({rows, count}, DType::f32);
  for (std::int64_t i = 0; i < table.numel(); ++i) {
    table.data<float>()[i] = logits[static_cast<std::size_t>(i % count)];
  }
  const SampleActions sample{.logits = table,
                             .actions = Tensor::owning({rows}, DType::i32),
                             .log_probs = Tensor::owning({rows}, DType::f32),
                             .greedy = greedy,
                             .first_block = first_block};
  context.backend().updates.sample_actions(context, sample);
  const auto actions = sample.actions.span<std::int32_t>();
  const auto log_probs = sample.log_probs.span<float>();
  return {{actions.begin(), actions.end()}, {log_probs.begin(), log_probs.end()}};
}

}  // namespace

TEST_CASE("actions are drawn with the probabilities of the policy", "[sample]") {
  Context context(cpu_backend(), DType::f32, 2, 17);
  context.set_random_step(3);
  const std::vector<double> p = {0.1, 0.55, 0.05, 0.3};
  std::vector<float> logits;
  for (const double probability : p) logits.push_back(static_cast<float>(std::log(probability) + 5));
  constexpr std::int64_t rows = 20000;
  const Drawn drawn = draw(context, logits, rows);
  std::vector<int> counts(p.size());
  for (std::size_t m = 0; m < rows; ++m) {
    const auto action = static_cast<std::size_t>(drawn.actions[m]);
    ++counts[action];
    CHECK(drawn.log_probs[m] == Approx(std::log(p[action])).epsilon(1e-5));
  }
  for (std::size_t a = 0; a < p.size(); ++a) {
    const double deviation = std::sqrt(p[a] * (1 - p[a]) / rows);
    CHECK(std::abs(counts[a] / static_cast<double>(rows) - p[a]) <= 4 * deviation);
  }
}

TEST_CASE("a draw depends on seed, step and the number of its row alone", "[sample]") {
  const std::vector<float> logits(15, 0.0f);
  Context one(cpu_backend(), DType::f32, 1, 17), three(cpu_backend(), DType::f32, 3, 17);
  one.set_random_step(4);
  three.set_random_step(4);
  const auto whole = draw(one, logits, 300).actions;
  CHECK(draw(three, logits, 300).actions == whole);
  CHECK(draw(one, logits, 100, false, 200).actions == std::vector<std::int32_t>(whole.begin() + 200, whole.end()));
  three.set_random_step(5);
  CHECK(draw(three, logits, 300).actions != whole);
}

TEST_CASE("greedy takes the first largest; a NaN leaves an action in range", "[sample]") {
  Context context(cpu_backend(), DType::f32, 1, 1);
  CHECK(draw(context, {1, 3, 3, 2}, 1, true).actions[0] == 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const bool greedy : {false, true}) {
    const Drawn drawn = draw(context, {0, nan, 1}, 50, greedy);
    for (std::size_t m = 0; m < 50; ++m) {
      CHECK((drawn.actions[m] >= 0 && drawn.actions[m] < 3));
      CHECK(std::isnan(drawn.log_probs[m]));
    }
  }
}

TEST_CASE("an action of probability zero is not drawn", "[sample]") {
  Context context(cpu_backend(), DType::f32, 1, 1);
  for (const std::int32_t action : draw(context, {-200, 0, -200, 0, -200}, 2000).actions) {
    CHECK((action == 1 || action == 3));
  }
}
