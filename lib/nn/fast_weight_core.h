// Cores made of fast-weight layers, or of attention in their place, and feed-forward blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/core.h"
#include "nn/fast_weight_layer.h"
#include "nn/feed_forward.h"

namespace srwm {

/// Linear to `hidden` (input_proj), then options.layers times a fast-weight layer (layers.<2i>) and a feed-forward
/// block (layers.<2i+1>).
class FastWeightCore final : public SequenceCore {
 public:
  FastWeightCore(ParameterSet& set, const CoreOptions& options, std::int64_t features, DropoutSites& sites);

  std::int64_t width() const override { return hidden_; }
  CoreOutput forward(Tape& tape, const CoreInput& input, ForwardMode mode) const override;

 private:
  struct Layer {
    std::unique_ptr<FastWeightLayer> fast_weight;
    FeedForward feed_forward;
  };

  std::int64_t hidden_;
  LinearLayer input_proj_;
  std::vector<Layer> layers_;
};

}  // namespace srwm
