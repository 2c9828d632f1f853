#include "nn/fast_weight_core.h"

namespace srwm {

FastWeightCore::FastWeightCore(ParameterSet& set, const CoreOptions& options, std::int64_t features,
                               DropoutSites& sites)
    : hidden_(options.hidden), input_proj_(set, "input_proj", features, options.hidden) {
  for (std::int64_t i = 0; i < options.layers; ++i) {
    const std::string fast_name = "layers." + std::to_string(2 * i), ff_name = "layers." + std::to_string(2 * i + 1);
    auto fast_weight = make_fast_weight_layer(set, fast_name, options, sites);
    layers_.push_back({std::move(fast_weight),
                       FeedForward(set, ff_name, hidden_, options.ff_factor * hidden_, options.dropout, sites)});
  }
}

CoreOutput FastWeightCore::forward(Tape& tape, const CoreInput& input, ForwardMode mode) const {
  const CoreState initial;
  const CoreState& state = input.state != nullptr ? *input.state : initial;
  const Shape sequence{input.x.shape()[0], input.x.shape()[1], hidden_};
  CoreOutput output;
  Variable x = input_proj_(tape, input.x);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const bool last = i + 1 == layers_.size();
    const auto [y, memory] = layer.fast_weight->remember(tape, x.reshaped(sequence), state.at(i), input.reset);
    output.state.push_back(memory);
    if (last && input.state_only) return output;
    const Tensor rows = last ? input.rows : Tensor();
    x = layer.fast_weight->combine(tape, select_rows(tape, x, rows), select_rows(tape, y, rows), mode);
    x = layer.feed_forward(tape, x, mode);
  }
  output.y = x;
  return output;
}

}  // namespace srwm
