#include "nn/feed_forward.h"

namespace srwm {

FeedForward::FeedForward(ParameterSet& set, const std::string& prefix, std::int64_t width, std::int64_t inner,
                         double dropout, DropoutSites& sites)
    : up_(set, prefix + ".ff_layers.0", width, inner),
      down_(set, prefix + ".ff_layers.3", inner, width),
      layer_norm_(set, prefix + ".layer_norm", width),
      inner_dropout_(dropout, sites.next()),
      outer_dropout_(dropout, sites.next()) {}

Variable FeedForward::operator()(Tape& tape, const Variable& x, ForwardMode mode) const {
  const Variable inner = inner_dropout_(tape, relu(tape, up_(tape, layer_norm_(tape, x))), mode);
  return add(tape, x, outer_dropout_(tape, down_(tape, inner), mode));
}

}  // namespace srwm
