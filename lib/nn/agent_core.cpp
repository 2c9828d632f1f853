#include "nn/agent_core.h"

#include "core/error.h"
#include "nn/agent_layer.h"
#include "nn/carried_core.h"
#include "nn/feed_forward.h"
#include "nn/lstm_core.h"

namespace srwm {
namespace {

/// The features as they are.
class NoCore final : public AgentCore {
 public:
  explicit NoCore(std::int64_t features) : features_(features) {}

  std::int64_t width() const override { return features_; }
  std::vector<Shape> state_shapes(std::int64_t) const override { return {}; }
  AgentCoreOutput forward(Tape&, const AgentCoreInput& input, ForwardMode) const override {
    return {input.x.reshaped({input.x.shape()[0] * input.x.shape()[1], features_}), {}};
  }

 private:
  std::int64_t features_;
};

class LstmAgentCore final : public AgentCore {
 public:
  LstmAgentCore(ParameterSet& set, const AgentOptions& options, std::int64_t features)
      : layers_(options.layers),
        core_(set, {.kind = CoreKind::lstm, .layers = options.layers, .hidden = options.hidden}, features, "core") {}

  std::int64_t width() const override { return core_.width(); }
  std::vector<Shape> state_shapes(std::int64_t batch) const override {
    return std::vector<Shape>(static_cast<std::size_t>(2 * layers_), Shape{batch, width()});  // h and c of each layer
  }
  AgentCoreOutput forward(Tape& tape, const AgentCoreInput& input, ForwardMode mode) const override {
    const CoreOutput output = core_.forward(tape, {.x = input.x, .state = input.state, .reset = input.first}, mode);
    AgentCoreOutput result{output.y, {}};
    for (std::size_t i = 0; i < output.state.size(); ++i) result.state.push_back(output.state.at(i).value());
    return result;
  }

 private:
  std::int64_t layers_;
  LstmCore core_;
};

/// Linear to `hidden`, then `layers` feed-forward blocks, each behind another layer if the kind has one.
class LayeredCore final : public AgentCore {
 public:
  LayeredCore(ParameterSet& set, const AgentOptions& options, std::int64_t features, DropoutSites& sites);

  std::int64_t width() const override { return hidden_; }
  std::vector<Shape> state_shapes(std::int64_t batch) const override;
  AgentCoreOutput forward(Tape& tape, const AgentCoreInput& input, ForwardMode mode) const override;

 private:
  struct Layer {
    std::unique_ptr<AgentLayer> first;  ///< or none
    FeedForward feed_forward;
  };

  static std::string prefix(const AgentOptions& options) {
    return options.core == AgentCoreKind::feed_forward_deep ? "trafo_ff_block" : "core";
  }

  std::int64_t hidden_;
  LinearLayer input_proj_;
  std::vector<Layer> layers_;
};

LayeredCore::LayeredCore(ParameterSet& set, const AgentOptions& options, std::int64_t features, DropoutSites& sites)
    : hidden_(options.hidden), input_proj_(set, prefix(options) + ".input_proj", features, options.hidden) {
  for (std::int64_t i = 0; i < options.layers; ++i) {
    const std::string number = std::to_string(i);
    auto first = make_agent_layer(set, options, prefix(options) + ".fwm_layers." + number, sites);
    FeedForward block(set, prefix(options) + ".ff_layers." + number, hidden_, options.ff_inner, 0, sites);
    layers_.push_back({std::move(first), std::move(block)});
  }
}

std::vector<Shape> LayeredCore::state_shapes(std::int64_t batch) const {
  std::vector<Shape> shapes;
  for (const Layer& layer : layers_) {
    if (!layer.first) continue;
    for (const Shape& shape : layer.first->state_shapes(batch)) shapes.push_back(shape);
  }
  return shapes;
}

AgentCoreOutput LayeredCore::forward(Tape& tape, const AgentCoreInput& input, ForwardMode mode) const {
  const CoreState none;
  const CoreState& before = input.state != nullptr ? *input.state : none;
  const Shape sequence{input.x.shape()[0], input.x.shape()[1], hidden_}, rows{sequence[0] * sequence[1], hidden_};
  AgentCoreOutput output;
  Variable x = input_proj_(tape, input.x).reshaped(rows);
  for (const Layer& layer : layers_) {
    if (layer.first) x = layer.first->forward(tape, x.reshaped(sequence), before, input.first, output.state, mode);
    x = layer.feed_forward(tape, x, mode);
  }
  output.y = x;
  return output;
}

std::unique_ptr<AgentCore> make_plain_core(ParameterSet& set, const AgentOptions& options, std::int64_t features,
                                           DropoutSites& sites) {
  switch (options.core) {
    case AgentCoreKind::feed_forward:
      return std::make_unique<NoCore>(features);
    case AgentCoreKind::lstm:
      return std::make_unique<LstmAgentCore>(set, options, features);
    case AgentCoreKind::feed_forward_deep:
      return std::make_unique<LayeredCore>(set, options, features, sites);
    case AgentCoreKind::delta_net:
    case AgentCoreKind::fake_sr:
    case AgentCoreKind::srwm:
    case AgentCoreKind::sr_delta:
    case AgentCoreKind::linear_transformer:
      SRWM_CHECK(options.heads >= 1 && options.hidden % options.heads == 0,
                 "an agent's core of {} units, which are no multiple of {} heads", options.hidden, options.heads);
      return std::make_unique<LayeredCore>(set, options, features, sites);
  }
  throw InternalError("unknown kind of agent's core");
}

}  // namespace

std::unique_ptr<AgentCore> make_agent_core(ParameterSet& set, const AgentOptions& options, std::int64_t features,
                                           DropoutSites& sites) {
  std::unique_ptr<AgentCore> core = make_plain_core(set, options, features, sites);
  if (core->state_shapes(1).empty()) return core;
  if (options.carry == CarryKind::step) return std::make_unique<ForgetfulCore>(std::move(core));
  if (options.state_gradient == StateGradient::per_step) return std::make_unique<PerStepCore>(std::move(core));
  return core;
}

}  // namespace srwm
