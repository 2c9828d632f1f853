// Cores made of layers that rewrite weights or attend, and feed-forward blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/core.h"
#include "nn/feed_forward.h"
#include "nn/sequence_layer.h"

namespace srwm {

/// Linear to `hidden`, then options.layers times a sequence layer, unless there is no `make_layer`, and a feed-forward
/// block. Parameters: few-shot models input_proj, layers.<2i>, layers.<2i+1>; agents core.input_proj,
/// core.fwm_layers.<i>, core.ff_layers.<i>, with trafo_ff_block for core where there are blocks only.
class LayeredCore final : public SequenceCore {
 public:
  LayeredCore(ParameterSet& set, const CoreOptions& options, std::int64_t features, MakeSequenceLayer make_layer,
              DropoutSites& sites);

  std::int64_t width() const override { return hidden_; }
  std::vector<Shape> state_shapes(std::int64_t batch) const override;
  CoreState initial_state(Tape& tape) const override;
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const override;

 private:
  struct Layer {
    std::unique_ptr<SequenceLayer> sequence;  ///< or none
    FeedForward feed_forward;
  };

  std::int64_t hidden_;
  LinearLayer input_proj_;
  std::vector<Layer> layers_;
};

}  // namespace srwm
