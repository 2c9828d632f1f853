// Layers that remember while they run: by rewriting a matrix of weights (SRWM, DeltaNet, linear Transformer) or by
// keeping everything (softmax attention).
#pragma once

#include <memory>
#include <string>

#include "nn/layers.h"
#include "nn/options.h"

namespace srwm {

/// A fast-weight layer in two halves, so that what follows the recurrence can be left out where no output is wanted.
class FastWeightLayer {
 public:
  virtual ~FastWeightLayer() = default;

  struct Memory {
    Variable y;     ///< [B, T, h d]
    Variable last;  ///< what is remembered after the last step: the fast weights [B, h, d, rows], or keys and values
  };
  /// Runs the recurrence over x [B, T, h d] from the `last` of G other sequences (absent: from the initial state).
  virtual Memory remember(Tape& tape, const Variable& x, const Variable& first, const Tensor& reset) const = 0;

  /// The fast weights that a sequence begins with, [1, h, d, rows], on the tape; absent: zeros.
  virtual Variable initial(Tape&) const { return {}; }

  /// residual(x) + Dropout(W_out y) for chosen rows x, y [M, h d].
  Variable combine(Tape& tape, const Variable& x, const Variable& y, ForwardMode mode) const;

 protected:
  FastWeightLayer(ParameterSet& set, std::string prefix, const CoreOptions& options, DropoutSites& sites);
  virtual Variable residual(Tape& tape, const Variable& x) const = 0;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  LinearLayer out_linear_;
  DropoutLayer dropout_;
};

/// SRWM: y = srwm(x), the residual is LayerNorm(x), or x without options.layer_norm (Irie et al., 2022).
/// The others: y = memory(slow_net(LayerNorm(x))), the residual is x; memory is delta_net (Schlag, Irie, Schmidhuber,
/// 2021), linear_attention or softmax_attention, without positional encoding.
std::unique_ptr<FastWeightLayer> make_fast_weight_layer(ParameterSet& set, const std::string& prefix,
                                                        const CoreOptions& options, DropoutSites& sites);

}  // namespace srwm
