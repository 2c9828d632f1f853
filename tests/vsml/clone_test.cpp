// Cloning: single ticks against the op, the loss against differences, and the clone against what it clones.
#include "tasks/vsml/clone.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "ops/backend.h"
#include "tasks/vsml/cloned_net_rule.h"
#include "tasks/vsml/evaluator.h"
#include "tasks/vsml/online_net.h"
#include "tasks/vsml/vsml_task.h"
#include "train/training_step.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;

namespace {

Vsml clone_network(std::int64_t message, std::int64_t cells, std::int64_t ticks) {
  Vsml op{.message_size = message,
          .cell_size = cells,
          .micro_ticks = ticks,
          .output_index = 0,
          .bound = 0,
          .reverse_tick = true,
          .separate_reverse = true,
          .sum_messages = true};
  op.layers[0] = {.in = 1, .out = 1};
  return op;
}

std::vector<float> random_theta(std::int64_t count, double scale) {
  RandomSequence random(5, Stream::init, 0);
  std::vector<float> theta(static_cast<std::size_t>(count));
  for (float& value : theta) value = static_cast<float>(scale * random.normal());
  return theta;
}

VsmlSpec clone_spec() {
  VsmlSpec spec = small_vsml_spec();
  spec.model = {.bound = 100,
                .message = 2,
                .state = 16,
                .random_part = 1.0 / 16,
                .merge = MergeKind::sum,
                .output_index = 0,
                .backward_pass = true,
                .separate_backward = true};
  spec.train.gradient = VsmlGradient::clone;
  spec.train.batch = 128;
  spec.optim.rate = 0.02;
  spec.clone_options = {.rate = 0.02, .bias_rate = 0.002};
  return spec;
}

}  // namespace

TEST_CASE("a tick of single sub-RNNs is that of the op", "[vsml][clone]") {
  const Vsml network = clone_network(3, 5, GENERATE(1, 2));
  const std::vector<float> theta = random_theta(network.parameters(), 0.5);
  const SubRnnTicks ticks(network);
  std::vector<Lanes> h(5, Lanes{}), c(5, Lanes{});
  SubRnnTick tick = ticks.empty_tick();
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
    tick.forward_in[0][n] = 0.1F * static_cast<float>(n) - 3;
    c[0][n] = 0.3F;
  }
  ticks.forward(theta.data(), tick, h, c);
  for (const std::size_t n : {0UL, 20UL, 63UL}) {
    Context context(cpu_backend(), DType::f32, 1, 1);
    Vsml op = network;
    op.forward_only = true;
    op.targets = Tensor::owning({1, 1}, DType::i32);
    const float x = tick.forward_in[0][n];
    std::vector<float> cells(5);
    cells[0] = 0.3F;
    Tape tape(context, Tape::Mode::forward_only);
    const auto out = tape.apply(op, {Tensor::of<float>({1, network.parameters()}, theta),
                                     Tensor::of<float>({1, 1, 1}, std::array{x}), Tensor::of<float>({1, 5}, cells)});
    CHECK(*out[Vsml::logits].value().data<float>() == Approx(tick.forward_out[0][n]).epsilon(1e-4));
  }
}

TEST_CASE("the gradient of the loss of cloning is that of differences", "[vsml][clone]") {
  const Vsml network = clone_network(2, 3, 2);
  const CloneLoss loss(network, {.rate = 0.5, .bias_rate = 0.2, .examples = 1});
  std::vector<float> theta = random_theta(loss.parameters(), 0.5);
  std::vector<float> gradient(theta.size()), ignored(theta.size());
  loss.add_gradient(1, 0, 0, theta.data(), 1, gradient.data());
  double largest = 0;
  for (const float g : gradient) largest = std::max(largest, std::abs(static_cast<double>(g)));
  for (std::size_t i = 0; i < theta.size(); i += 3) {
    // With one example the targets of the reverse tick depend on what the forward tick left: those of the forward set
    // are checked through messages alone, that is, where they cannot reach the cells.
    if (i < theta.size() / 2 && i < static_cast<std::size_t>(VsmlOffsets(network).w_f)) continue;
    const float before = theta[i], step = 0.01F;
    theta[i] = before + step;
    const double high = loss.add_gradient(1, 0, 0, theta.data(), 1, ignored.data());
    theta[i] = before - step;
    const double low = loss.add_gradient(1, 0, 0, theta.data(), 1, ignored.data());
    theta[i] = before;
    INFO(i);
    CHECK(static_cast<double>(gradient[i]) ==
          Approx((high - low) / (2 * static_cast<double>(step))).margin(0.01 * largest).epsilon(0.02));
  }
}

TEST_CASE("a cloned network of one layer is online gradient descent on tanh of the inputs", "[vsml][clone]") {
  VsmlSpec spec = clone_spec();
  spec.model.kind = ModelKind::cloned_sgd;
  spec.model.bound = 0;
  spec.clone_options.bias_rate = 0;
  const VsmlData data(spec, "", 1);
  Context context(cpu_backend(), DType::f32, 1, 1);
  ClonedNetRule rule(spec);
  const auto stream = data.evaluation(spec, spec.test, "test", "glyphs", Split::test, 0);
  std::vector<OnlineBatch> batches;
  draw_batches(*stream, std::array<std::int64_t, 1>{0}, {8}, 1, batches);
  const OnlineBatch& batch = batches.front();
  const RuleOutput output = rule.run(context, batch, {});
  // By hand: logits = W^T tanh(x), W <- W - rate tanh(x) (softmax - onehot)^T.
  RandomSequence random(spec.seed, Stream::vsml_state, 0);
  const auto inputs = static_cast<std::size_t>(batch.shape.inputs);
  std::vector<std::array<double, 2>> w(inputs);
  for (auto& row : w) {
    for (double& value : row) value = random.truncated_normal() / std::sqrt(static_cast<double>(inputs));
  }
  for (std::size_t t = 0; t < 8; ++t) {
    const auto x = batch.inputs_of(0).subspan(t * inputs, inputs);
    std::array<double, 2> z{};
    for (std::size_t a = 0; a < inputs; ++a) {
      for (std::size_t b = 0; b < 2; ++b) z[b] += std::tanh(static_cast<double>(x[a])) * w[a][b];
    }
    for (std::size_t b = 0; b < 2; ++b) {
      CHECK(static_cast<double>(output.logits.data<float>()[2 * t + b]) == Approx(z[b]).margin(1e-5));
    }
    const double p1 = 1 / (1 + std::exp(z[0] - z[1]));
    const std::array<double, 2> error{1 - p1 - (batch.labels_of(0)[t] == 0 ? 1 : 0),
                                      p1 - (batch.labels_of(0)[t] == 1 ? 1 : 0)};
    for (std::size_t a = 0; a < inputs; ++a) {
      for (std::size_t b = 0; b < 2; ++b) {
        w[a][b] -= spec.clone_options.rate * error[b] * std::tanh(static_cast<double>(x[a]));
      }
    }
  }
}

TEST_CASE("sub-RNNs that were trained to be weights run like the network that they clone", "[vsml][clone]") {
  VsmlSpec spec = clone_spec();
  spec.model.hidden = GENERATE(std::vector<std::string>{}, std::vector<std::string>{"dense 4"});
  Context context(cpu_backend(), DType::f32, 2, 1);
  const auto data = std::make_shared<const VsmlData>(spec, "", 1);
  VsmlTask task(spec, context, data);
  TrainingStep step(context, task, {}, 1);
  step.run(0);
  const double first = step.totals().loss;
  step.set_totals({});
  for (std::int64_t i = 1; i < 900; ++i) step.run(i);
  step.set_totals({});
  for (std::int64_t i = 900; i < 910; ++i) step.run(i);
  CHECK(step.totals().loss / 10 < first / 50);

  VsmlSpec exact = spec;
  exact.model.kind = ModelKind::cloned_sgd;
  ClonedNetRule original(exact);
  const auto stream = data->evaluation(spec, spec.test, "test", "glyphs", Split::test, 0);
  std::vector<OnlineBatch> batches;
  draw_batches(*stream, std::array<std::int64_t, 2>{0, 1}, {8}, 1, batches);
  const Tensor expected = original.run(context, batches.front(), {}).logits;
  context.rewind();
  const Tensor found = task.rule().run(context, batches.front(), {}).logits;
  double difference = 0, size = 0;
  for (std::int64_t i = 0; i < expected.numel(); ++i) {
    difference += std::pow(static_cast<double>(found.data<float>()[i] - expected.data<float>()[i]), 2);
    size += std::pow(static_cast<double>(expected.data<float>()[i]), 2);
  }
  CHECK(std::sqrt(difference / size) < 0.4);
}
