#include "nn/sequence_layer.h"

namespace srwm {

SequenceLayer::SequenceLayer(ParameterSet& set, std::string name, const CoreOptions& options, DropoutSites& sites,
                             InputNorm input_norm)
    : name_(std::move(name)),
      input_norm_(options.input_norm && input_norm == InputNorm::as_option
                      ? std::optional<LayerNormLayer>(std::in_place, set, name_ + ".layer_norm", options.hidden)
                      : std::nullopt),
      out_linear_(set, name_ + ".out_linear", options.hidden, options.hidden, false),
      dropout_(options.dropout, sites.next()) {}

Variable SequenceLayer::recur(Tape& tape, const Variable& x, const CoreState& before, const Tensor& reset,
                              CoreState& after) const {
  const Tape::Scope scope(tape, name_);
  return recur_impl(tape, input_norm_ ? (*input_norm_)(tape, x) : x, before, reset, after);
}

Variable SequenceLayer::combine(Tape& tape, const Variable& x, const Variable& y, ForwardMode mode) const {
  return add(tape, residual(tape, x), dropout_(tape, out_linear_(tape, y), mode));
}

}  // namespace srwm
