// The feed-forward block of a Transformer.
#pragma once

#include <string>

#include "nn/layers.h"

namespace srwm {

/// x + Dropout(Linear(Dropout(ReLU(Linear(LayerNorm(x)))))), with `inner` units inside. Parameters:
/// <prefix>.layer_norm, <prefix>.ff_layers.0 and .3.
class FeedForward {
 public:
  FeedForward(ParameterSet& set, const std::string& prefix, std::int64_t width, std::int64_t inner, double dropout,
              DropoutSites& sites);
  Variable operator()(Tape& tape, const Variable& x, ForwardMode mode) const;

 private:
  LinearLayer up_, down_;
  LayerNormLayer layer_norm_;
  DropoutLayer inner_dropout_, outer_dropout_;
};

}  // namespace srwm
