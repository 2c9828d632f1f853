// Layers whose output at a step depends on the steps before it: they rewrite a matrix of weights (SRWM, DeltaNet,
// linear Transformer, SR-Delta) or keep everything (softmax attention). One file each: nn/<kind>_layer.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/core.h"
#include "nn/layers.h"

namespace srwm {

/// A layer in two halves, so that what follows the recurrence can be left out where no output is used.
class SequenceLayer {
 public:
  virtual ~SequenceLayer() = default;

  /// y [B, T, h d] of x [B, T, h d]. Appends the state after the last step to `after`; the state before the first step,
  /// of G sequences with G dividing B, is at the same place in `before`, unless that is empty. `reset` as in CoreInput.
  Variable recur(Tape& tape, const Variable& x, const CoreState& before, const Tensor& reset, CoreState& after) const;

  /// residual(x) + Dropout(W_out y) for chosen rows x, y [M, h d].
  Variable combine(Tape& tape, const Variable& x, const Variable& y, ForwardMode mode) const;

  /// Shapes of its initial state for B sequences; empty where it has none.
  virtual std::vector<Shape> state_shapes(std::int64_t batch) const = 0;
  /// Appends its part of SequenceCore::initial_state.
  virtual void append_initial(Tape& tape, CoreState& state) const = 0;

 protected:
  enum class InputNorm { as_option, none };

  /// Parameters <name>.out_linear and, with options.input_norm, <name>.layer_norm, which `recur` then applies to x.
  SequenceLayer(ParameterSet& set, std::string name, const CoreOptions& options, DropoutSites& sites,
                InputNorm input_norm);

 private:
  virtual Variable recur_impl(Tape& tape, const Variable& x, const CoreState& before, const Tensor& reset,
                              CoreState& after) const = 0;
  virtual Variable residual(Tape&, const Variable& x) const { return x; }

  std::string name_;
  std::optional<LayerNormLayer> input_norm_;
  LinearLayer out_linear_;
  DropoutLayer dropout_;
};

using MakeSequenceLayer = std::unique_ptr<SequenceLayer> (*)(ParameterSet& set, const std::string& name,
                                                             const CoreOptions& options, DropoutSites& sites);

}  // namespace srwm
