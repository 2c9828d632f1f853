#include "nn/lstm_core.h"

#include <cmath>

#include "ops/lstm.h"

namespace srwm {

LstmCore::LstmCore(ParameterSet& set, const CoreOptions& options, std::int64_t features)
    : name_(options.names == CoreNames::agent ? "core" : "rnn"), hidden_(options.hidden) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden_));
  const std::int64_t gates = 4 * hidden_;
  for (std::int64_t i = 0; i < options.layers; ++i) {
    const std::string suffix = "_l" + std::to_string(i);
    layers_.push_back({&set.uniform(name_ + ".weight_ih" + suffix, {gates, i == 0 ? features : hidden_}, bound),
                       &set.uniform(name_ + ".weight_hh" + suffix, {gates, hidden_}, bound),
                       &set.uniform(name_ + ".bias_ih" + suffix, {gates}, bound),
                       &set.uniform(name_ + ".bias_hh" + suffix, {gates}, bound)});
  }
}

CoreOutput LstmCore::forward(Tape& tape, const CoreInput& input, ForwardMode) const {
  const Tape::Scope scope(tape, name_);
  const CoreState initial;
  const CoreState& state = input.state != nullptr ? *input.state : initial;
  CoreOutput output;
  Variable x = input.x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const auto [y, h, c] =
        tape.apply(Lstm{.reset = input.reset}, {x, layer.w_ih->on(tape), layer.w_hh->on(tape), layer.b_ih->on(tape),
                                                layer.b_hh->on(tape), state.at(2 * i), state.at(2 * i + 1)});
    output.state.push_back(h);
    output.state.push_back(c);
    x = y;
  }
  if (!input.state_only) output.y = select_rows(tape, x, input.rows);
  return output;
}

}  // namespace srwm
