#include "tasks/vsml/clone.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"

namespace srwm {
namespace {

constexpr std::size_t weight_cell = 0, bias_cell = 1;
/// Share of inputs that are the background of MNIST, most of its pixels: a small error there, the same image after
/// image, adds up in the weights.
constexpr double background_share = 0.4;
constexpr float background = -0.4241F;

/// 10 to the power of a number between the two.
double log_uniform(RandomSequence& random, double low, double high) {
  return std::pow(10.0, random.uniform(low, high));
}

/// An error: often small, seldom above 1, zero in one of ten.
float draw_error(RandomSequence& random) {
  const double scale = log_uniform(random, -3, 0.3), value = 0.7 * scale * random.normal();
  return random.uniform() < 0.1 ? 0.0F : static_cast<float>(std::clamp(value, -2.0, 2.0));
}

/// An input: a pixel of a background, or a sum of many messages.
float draw_input(RandomSequence& random) {
  const double value = 1.5 * random.normal();
  return random.uniform() < background_share ? background : static_cast<float>(value);
}

/// Of squared errors where something of size x is learned: nearly relative errors, down to those of x = 0.1.
float weight_of_message(float x) {
  return 1 / (x * x + 0.01F);
}
/// Likewise, where a step along an error e is learned.
float weight_of_step(float e) {
  return 0.1F / (e * e + 0.0025F);
}

/// Adds scale * weight * (found - wanted)^2 to the loss, and its derivative.
void square(const Lanes& found, const Lanes& wanted, const Lanes& weight, double scale, double& loss,
            Lanes& dL_dfound) {
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
    const double difference = static_cast<double>(found[n]) - static_cast<double>(wanted[n]);
    const double scaled = scale * static_cast<double>(weight[n]) * difference;
    loss += scaled * difference;
    dL_dfound[n] += static_cast<float>(2 * scaled);
  }
}

}  // namespace

/// What the messages and cells of a tick should be: the first message `message`, the others 0.
struct CloneLoss::TickTarget {
  const SubRnnTick& tick;
  const std::vector<Lanes>& found;  ///< messages that go out one way
  const Lanes &message, &weight, &bias;
  const Lanes &message_scale, &cell_scale;  ///< of the squared errors
};

/// What sub-RNNs see, and what they should make of it.
struct CloneLoss::Example {
  Lanes x, error, left_over;
  Lanes forward_out{}, backward_out{};
  Lanes kept_weight{}, kept_bias{};        ///< before and after the forward tick
  Lanes learned_weight{}, learned_bias{};  ///< after the reverse tick
  Lanes forward_scale{}, backward_scale{}, kept_scale{}, learned_scale{};
  SubRnnTick forward, reverse;
};

/// Sub-RNNs and their examples on the way through the ticks.
struct CloneLoss::Chunk {
  std::vector<Lanes> h, c;
  std::vector<Example> examples;
};

CloneLoss::CloneLoss(const Vsml& network, const CloneOptions& options)
    : options_(options),
      ticks_(network),
      message_(static_cast<std::size_t>(network.message_size)),
      state_(static_cast<std::size_t>(network.cell_size)),
      set_size_(network.set_size()) {
  SRWM_CHECK(state_ > bias_cell && network.separate_reverse, "{} cells, {} sets", state_, network.sets());
}

double CloneLoss::add_gradient(std::uint64_t seed, std::int64_t number, std::int64_t part, const float* theta,
                               double weight, float* dL_dtheta) const {
  RandomSequence random(seed, Stream::train_episodes, static_cast<std::uint32_t>(number),
                        static_cast<std::uint64_t>(part) << 32);
  Chunk chunk = draw(random);
  for (Example& example : chunk.examples) run(example, chunk, theta);
  const double scale = 1 / static_cast<double>(sub_rnn_lanes * chunk.examples.size());
  double loss = 0;
  const std::vector<Lanes> no_message(message_, Lanes{}), no_state(state_, Lanes{});
  SubRnnGradient gradient{no_message, no_message, no_state, no_state};
  for (std::size_t n = chunk.examples.size(); n-- > 0;) {
    Example& example = chunk.examples[n];
    loss += through_tick({example.reverse, example.reverse.backward_out, example.backward_out, example.learned_weight,
                          example.learned_bias, example.backward_scale, example.learned_scale},
                         scale * weight, theta + set_size_, gradient, gradient.backward_out, dL_dtheta + set_size_);
    loss += through_tick({example.forward, example.forward.forward_out, example.forward_out, example.kept_weight,
                          example.kept_bias, example.forward_scale, example.kept_scale},
                         scale * weight, theta, gradient, gradient.forward_out, dL_dtheta);
  }
  return loss / weight;
}

CloneLoss::Chunk CloneLoss::draw(RandomSequence& random) const {
  Chunk chunk{std::vector<Lanes>(state_, Lanes{}), std::vector<Lanes>(state_, Lanes{}), {}};
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
    const double scale = log_uniform(random, -1.5, 0.2);
    chunk.c[weight_cell][n] = static_cast<float>(0.6 * scale * random.normal());
    chunk.c[bias_cell][n] = static_cast<float>(0.2 * scale * random.normal());
  }
  for (std::int64_t k = 0; k < options_.examples; ++k) {
    Example& example = chunk.examples.emplace_back();
    example.forward = ticks_.empty_tick();
    example.reverse = ticks_.empty_tick();
    for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
      example.x[n] = draw_input(random);
      example.error[n] = draw_error(random);
      example.left_over[n] = random.uniform() < 0.5 ? 0.0F : draw_error(random);
    }
  }
  return chunk;
}

/// Both ticks; targets are made from the weights and biases that the ticks find.
void CloneLoss::run(Example& example, Chunk& chunk, const float* theta) const {
  example.forward.forward_in[0] = example.reverse.forward_in[0] = example.x;
  example.forward.backward_in[0] = example.left_over;
  example.reverse.backward_in[0] = example.error;
  example.kept_weight = chunk.c[weight_cell];
  example.kept_bias = chunk.c[bias_cell];
  ticks_.forward(theta, example.forward, chunk.h, chunk.c);
  const auto rate = static_cast<float>(options_.rate), bias_rate = static_cast<float>(options_.bias_rate);
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
    const float y = std::tanh(example.x[n]), e = example.error[n];
    const float w = chunk.c[weight_cell][n], b = chunk.c[bias_cell][n];
    example.forward_out[n] = y * example.kept_weight[n] + example.kept_bias[n];
    example.backward_out[n] = (1 - y * y) * w * e;
    example.learned_weight[n] = w - rate * e * y;
    example.learned_bias[n] = b - bias_rate * e;
    example.kept_scale[n] = 1;
    example.learned_scale[n] = weight_of_step(e);
    example.forward_scale[n] = weight_of_message(std::hypot(w, b));
    example.backward_scale[n] = weight_of_message(w) * weight_of_step(e);
  }
  ticks_.forward(theta + set_size_, example.reverse, chunk.h, chunk.c);
}

/// Loss of a tick; on entry the gradient is that of the state after it, which targets do not depend on. `dL_dmessages`
/// are those of its messages `target.found`.
double CloneLoss::through_tick(const TickTarget& target, double scale, const float* theta, SubRnnGradient& gradient,
                               std::vector<Lanes>& dL_dmessages, float* dL_dtheta) const {
  double loss = 0;
  const double cell_scale = scale / (options_.rate * options_.rate);
  const std::vector<Lanes>& cells = target.tick.c.back();
  clear_messages(gradient);
  square(target.found[0], target.message, target.message_scale, scale, loss, dL_dmessages[0]);
  for (std::size_t m = 1; m < message_; ++m) {
    square(target.found[m], Lanes{}, target.message_scale, 0.1 * scale, loss, dL_dmessages[m]);
  }
  square(cells[weight_cell], target.weight, target.cell_scale, cell_scale, loss, gradient.c[weight_cell]);
  square(cells[bias_cell], target.bias, target.cell_scale, cell_scale, loss, gradient.c[bias_cell]);
  ticks_.backward(theta, target.tick, gradient, dL_dtheta);
  return loss;
}

/// Weights and biases before a tick are part of its targets: their gradient ends there.
void CloneLoss::clear_messages(SubRnnGradient& gradient) const {
  for (std::size_t m = 0; m < message_; ++m) {
    gradient.forward_out[m].fill(0);
    gradient.backward_out[m].fill(0);
  }
  gradient.c[weight_cell].fill(0);
  gradient.c[bias_cell].fill(0);
}

void initialize_clone(const Vsml& network, float* theta) {
  const VsmlOffsets offsets(network);
  const std::int64_t cells = network.cell_size;
  for (std::int64_t set = 0; set < 2; ++set) {
    float* input_gate = theta + set * network.set_size() + offsets.beta;
    float* forget_gate = input_gate + 2 * cells;
    for (std::int64_t s = 0; s < cells; ++s) {
      const bool is_kept = s <= static_cast<std::int64_t>(bias_cell);
      forget_gate[s] = is_kept ? 14.0F : -5.0F;                    // sigmoid(14 + 5) is 1 in float32
      input_gate[s] = !is_kept ? 5.0F : set == 0 ? -20.0F : 2.0F;  // a forward tick writes nothing
    }
  }
}

}  // namespace srwm
