// A task whose gradient is known in closed form.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "ops/backend.h"
#include "optim/adam.h"
#include "train/task.h"

namespace srwm::test {

/// L(theta) = 1/2 sum_ij theta_i A_ij theta_j + sum_i b_i theta_i + pass number, A symmetric, in double: along a
/// direction eps, L(theta + s eps) - L(theta - s eps) = 2 s eps . (A theta + b).
class QuadraticTask final : public Task {
 public:
  QuadraticTask(Context& context, std::int64_t pairs_at_once)
      : context_(context), pairs_at_once_(pairs_at_once), set_(context, 7), adam_(context, set_, {.rate = 0.1}, 1) {}

  /// 67 numbers in two tensors: two blocks of noise and a rest.
  static constexpr std::int64_t count = 67;
  static double a(std::int64_t i, std::int64_t j) {
    return i == j ? 2 : std::cos(static_cast<double>(i * j)) / (1 + std::abs(static_cast<double>(i - j)));
  }
  static double b(std::int64_t i) { return std::sin(static_cast<double>(3 * i)); }
  static std::vector<double> gradient_at(const std::vector<double>& theta) {
    std::vector<double> gradient(theta.size());
    for (std::int64_t i = 0; i < count; ++i) {
      double& sum = gradient[static_cast<std::size_t>(i)];
      sum = b(i);
      for (std::int64_t j = 0; j < count; ++j) sum += a(i, j) * theta[static_cast<std::size_t>(j)];
    }
    return gradient;
  }

  std::vector<double> theta() const {
    return collect([](const Parameter& p) { return p.value; });
  }
  std::vector<double> gradients() const {
    return collect([](const Parameter& p) { return p.slot.grad; });
  }
  /// From this pass on the loss is not a number.
  std::int64_t bad_pass = std::numeric_limits<std::int64_t>::max();

  ParameterSet& parameters() override { return set_; }
  Optimizer& optimizer() override { return adam_; }
  std::int64_t steps() const override { return 4; }
  std::vector<std::string> sums() const override { return {"calls"}; }
  void stage(const Pass& pass) override {
    context_.rewind();
    pass_ = pass;
  }
  PassShape shape() const override { return {}; }
  using Task::gradient;
  PassOutcome gradient(const TensorWatcher&) override { throw InternalError("no gradient"); }
  PassOutcome loss() override { return {context_.full({1}, loss_at(theta(), pass_)), {context_.full({1}, 1)}}; }
  std::int64_t pairs_at_once() const override { return pairs_at_once_; }
  MemberOutcome member_losses(std::span<const Pass> passes, const Tensor& theta) override {
    stage(passes.front());
    MemberOutcome outcome{context_.empty({theta.dim(0)}), {context_.full({theta.dim(0)}, 1)}};
    for (std::int64_t member = 0; member < theta.dim(0); ++member) {
      const auto row = theta.rows(member, member + 1).span<double>();
      outcome.loss.data<double>()[member] =
          loss_at({row.begin(), row.end()}, passes[static_cast<std::size_t>(member / 2)]);
    }
    return outcome;
  }
  void report(const IntervalTotals&, MetricsRow&) override {}
  TrainedItems trained() const override { return {"losses", 0}; }
  std::string describe_data() const override { return "none"; }
  std::string describe_step() const override { return "losses"; }
  void save(Checkpoint&) override {}
  std::optional<std::string> load(const Checkpoint&) override { return std::nullopt; }
  Validation validate(const KeepGoing&) override { return {}; }
  std::string_view validation_metric() const override { return "score"; }
  bool tests() const override { return false; }
  TestOutcome test(Logger&, const KeepGoing&) override { return {}; }

 private:
  double loss_at(const std::vector<double>& theta, const Pass& pass) const {
    if (pass.number >= bad_pass) return std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> gradient = gradient_at(theta);
    double loss = static_cast<double>(pass.number);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      loss += 0.5 * theta[at] * (gradient[at] + b(i));
    }
    return loss;
  }
  template <typename Which>
  std::vector<double> collect(const Which& which) const {
    std::vector<double> all;
    for (const Parameter& p : set_.parameters()) {
      const auto part = which(p).template span<double>();
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  /// Creates its parameters before the optimizer looks at them.
  struct Parameters : ParameterSet {
    Parameters(Context& context, std::uint64_t seed) : ParameterSet(context, seed) {
      uniform("first", {9, 5}, 1);
      uniform("second", {QuadraticTask::count - 45}, 1);
    }
  };

  Context& context_;
  std::int64_t pairs_at_once_;
  Parameters set_;
  Adam adam_;
  Pass pass_;
};

}  // namespace srwm::test
