#include "tasks/vsml/online_net.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "tasks/vsml/read_out.h"

using namespace srwm;

namespace {

constexpr std::int64_t inputs = 5, outputs = 3;

struct Examples {
  explicit Examples(std::int64_t count, std::uint64_t seed = 1) {
    RandomSequence random(seed, Stream::train_episodes, 0);
    for (std::int64_t t = 0; t < count; ++t) {
      labels.push_back(static_cast<std::int32_t>(random.below(outputs)));
      for (std::int64_t i = 0; i < inputs; ++i) {
        x.push_back(static_cast<float>(random.normal() + (i == labels.back() ? 3 : 0)));
      }
    }
  }
  std::vector<float> logits_of(const OnlineNet& net) const {
    std::vector<float> logits(labels.size() * outputs);
    net.learn(x, labels, logits);
    return logits;
  }
  std::span<const float> logits_at(const std::vector<float>& logits, std::size_t t) const {
    return std::span(logits).subspan(t * outputs, outputs);
  }
  std::vector<float> x;
  std::vector<std::int32_t> labels;
};

}  // namespace

TEST_CASE("the published networks have the published numbers of parameters", "[vsml]") {
  CHECK(OnlineNet({.layers = 1}, 784, 10, 1).count() == 7850);
  CHECK(OnlineNet({.layers = 2}, 784, 10, 1).count() == 127'210);
}

TEST_CASE("an example is predicted before its label is seen", "[vsml]") {
  const OnlineNet net({.rule = GENERATE(OnlineRule::sgd, OnlineRule::adam), .layers = GENERATE(1, 2), .hidden = 4},
                      inputs, outputs, 1);
  Examples examples(6);
  const std::vector<float> before = examples.logits_of(net);
  examples.labels[3] = (examples.labels[3] + 1) % static_cast<std::int32_t>(outputs);
  const std::vector<float> after = examples.logits_of(net);
  CHECK(std::equal(before.begin(), before.begin() + 4 * outputs, after.begin()));
  CHECK_FALSE(std::equal(before.begin() + 4 * outputs, before.end(), after.begin() + 4 * outputs));
}

// With x the same twice and one step of SGD in between, the loss falls by rate |gradient|^2 to first order. The
// gradient of a single layer is (softmax - onehot)(1 - z^2 / bound^2) x and that times 1 for the biases.
TEST_CASE("a step of SGD lowers the loss by what the gradient says", "[vsml]") {
  constexpr double rate = 1e-4, bound = 2;
  const OnlineNet net({.rate = rate, .bound = bound}, inputs, outputs, 1);
  Examples examples(1);
  examples.x.insert(examples.x.end(), examples.x.begin(), examples.x.end());
  examples.labels.push_back(examples.labels[0]);
  const std::vector<float> logits = examples.logits_of(net);
  std::vector<float> error(outputs);
  softmax_error<float>(examples.logits_at(logits, 0), examples.labels[0], error);
  double squares = 1, norm = 0;
  for (std::int64_t i = 0; i < inputs; ++i) {
    squares += std::pow(static_cast<double>(examples.x[static_cast<std::size_t>(i)]), 2);
  }
  for (std::size_t o = 0; o < outputs; ++o) {
    const double slope = 1 - std::pow(static_cast<double>(logits[o]) / bound, 2);
    norm += std::pow(static_cast<double>(error[o]) * slope, 2) * squares;
  }
  const double drop = cross_entropy(examples.logits_at(logits, 0), examples.labels[0]) -
                      cross_entropy(examples.logits_at(logits, 1), examples.labels[1]);
  CHECK(drop == Approx(rate * norm).epsilon(0.01));
}

TEST_CASE("the first step of Adam moves every parameter by its rate", "[vsml]") {
  constexpr double rate = 1e-3;
  const OnlineNet net({.rule = OnlineRule::adam, .rate = rate, .bound = 0}, inputs, outputs, 1);
  Examples examples(1);
  examples.x.insert(examples.x.end(), examples.x.begin(), examples.x.end());
  examples.labels.push_back(examples.labels[0]);
  const std::vector<float> logits = examples.logits_of(net);
  double sum = 1;
  for (std::int64_t i = 0; i < inputs; ++i)
    sum += std::abs(static_cast<double>(examples.x[static_cast<std::size_t>(i)]));
  for (std::int32_t o = 0; o < outputs; ++o) {
    const auto at = static_cast<std::size_t>(o);
    const double moved = static_cast<double>(logits[outputs + at]) - static_cast<double>(logits[at]);
    CHECK(moved == Approx((o == examples.labels[0] ? 1 : -1) * rate * sum).epsilon(1e-3));
  }
}

TEST_CASE("online gradient descent learns classes that can be told apart", "[vsml]") {
  const bool adam = GENERATE(false, true);
  const OnlineNet net({.rule = adam ? OnlineRule::adam : OnlineRule::sgd,
                       .layers = GENERATE(1, 2),
                       .hidden = 16,
                       .rate = adam ? 0.01 : 0.05},
                      inputs, outputs, 1);
  const Examples examples(600);
  const std::vector<float> logits = examples.logits_of(net);
  int right = 0;
  for (std::size_t t = 400; t < 600; ++t) right += is_right(examples.logits_at(logits, t), examples.labels[t]) ? 1 : 0;
  CHECK(right > 180);
}
