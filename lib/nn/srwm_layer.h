// The self-referential layer
#pragma once

#include "nn/sequence_layer.h"

namespace srwm {

///  W_0 is trained, W_t rewrites itself (Irie et al., 2022).:y = srwm(x); the residual is LayerNorm(x), or x without
///  options.layer_norm.
std::unique_ptr<SequenceLayer> make_srwm_layer(ParameterSet& set, const std::string& name, const CoreOptions& options,
                                               DropoutSites& sites);

}  // namespace srwm
