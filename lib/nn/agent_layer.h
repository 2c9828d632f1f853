// The layers of an agent's core that stand in front of its feed-forward blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/agent_options.h"
#include "nn/core.h"

namespace srwm {

/// x + W_out y, where y is what the layer makes of x. Its state is the shift from what sequences begin with, W_t - W_0,
/// in one tensor or several.
class AgentLayer {
 public:
  virtual ~AgentLayer() = default;
  /// Of the tensors of its state for B sequences; empty where it has none.
  virtual std::vector<Shape> state_shapes(std::int64_t batch) const = 0;
  /// x [B, T, hidden] -> [B T, hidden]. Appends its state after the last step, a constant, to `after`; the one before
  /// the first step stands at the same place in `before`, unless that is empty. `first` as in AgentCoreInput.
  virtual Variable forward(Tape& tape, const Variable& x, const CoreState& before, const Tensor& first,
                           CoreState& after, ForwardMode mode) const = 0;
};

/// The layer that options.core names: SRWM, DeltaNet, linear Transformer (as nn/fast_weight_layer.h), Fake SR (an SRWM
/// of W^y alone that is never rewritten), SR-Delta (an SRWM whose output is q, k, v, b of a DeltaNet with softmax
/// keys); none for a core without such layers.
std::unique_ptr<AgentLayer> make_agent_layer(ParameterSet& set, const AgentOptions& options, const std::string& prefix,
                                             DropoutSites& sites);

}  // namespace srwm
