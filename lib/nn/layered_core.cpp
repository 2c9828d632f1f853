#include "nn/layered_core.h"

#include "core/error.h"

namespace srwm {
namespace {

std::string agent_prefix(const CoreOptions& options) {
  return options.kind == CoreKind::feed_forward_deep ? "trafo_ff_block." : "core.";
}

std::string input_name(const CoreOptions& options) {
  return (options.names == CoreNames::agent ? agent_prefix(options) : "") + "input_proj";
}

std::string layer_name(const CoreOptions& options, std::int64_t i) {
  if (options.names == CoreNames::agent) return agent_prefix(options) + "fwm_layers." + std::to_string(i);
  return "layers." + std::to_string(2 * i);
}

std::string block_name(const CoreOptions& options, std::int64_t i) {
  if (options.names == CoreNames::agent) return agent_prefix(options) + "ff_layers." + std::to_string(i);
  return "layers." + std::to_string(2 * i + 1);
}

}  // namespace

LayeredCore::LayeredCore(ParameterSet& set, const CoreOptions& options, std::int64_t features,
                         MakeSequenceLayer make_layer, DropoutSites& sites)
    : hidden_(options.hidden), input_proj_(set, input_name(options), features, options.hidden) {
  SRWM_CHECK(make_layer == nullptr || (options.heads >= 1 && options.hidden % options.heads == 0),
             "a core of {} units, which are no multiple of {} heads", options.hidden, options.heads);
  const std::int64_t inner = options.ff_inner != 0 ? options.ff_inner : options.ff_factor * options.hidden;
  for (std::int64_t i = 0; i < options.layers; ++i) {
    std::unique_ptr<SequenceLayer> layer;
    if (make_layer != nullptr) layer = make_layer(set, layer_name(options, i), options, sites);
    layers_.push_back(
        {std::move(layer), FeedForward(set, block_name(options, i), hidden_, inner, options.dropout, sites)});
  }
}

std::vector<Shape> LayeredCore::state_shapes(std::int64_t batch) const {
  std::vector<Shape> shapes;
  for (const Layer& layer : layers_) {
    if (layer.sequence == nullptr) continue;
    for (const Shape& shape : layer.sequence->state_shapes(batch)) shapes.push_back(shape);
  }
  return shapes;
}

CoreState LayeredCore::initial_state(Tape& tape) const {
  CoreState state;
  for (const Layer& layer : layers_) {
    if (layer.sequence != nullptr) layer.sequence->append_initial(tape, state);
  }
  return state;
}

CoreOutput LayeredCore::forward(Tape& tape, const CoreInput& input, ForwardMode mode) const {
  const CoreState initial;
  const CoreState& before = input.state != nullptr ? *input.state : initial;
  const Shape sequence{input.x.shape()[0], input.x.shape()[1], hidden_};
  CoreOutput output;
  Variable x = input_proj_(tape, input.x);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const SequenceLayer* layer = layers_[i].sequence.get();
    const bool last = i + 1 == layers_.size();
    const Tensor rows = last ? input.rows : Tensor();
    Variable y;
    if (layer != nullptr) y = layer->recur(tape, x.reshaped(sequence), before, input.reset, output.state);
    if (last && input.state_only) return output;
    x = select_rows(tape, x, rows);
    if (layer != nullptr) x = layer->combine(tape, x, select_rows(tape, y, rows), mode);
    x = layers_[i].feed_forward(tape, x, mode);
  }
  output.y = x;
  return output;
}

}  // namespace srwm
