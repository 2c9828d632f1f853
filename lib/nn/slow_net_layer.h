// Layers with a memory that keeps what a slow net computes: y = memory(slow_net(LayerNorm(x))), the residual is x.
#pragma once

#include "nn/sequence_layer.h"

namespace srwm {

/// The memory is the op delta_net (Schlag, Irie, Schmidhuber, 2021).
std::unique_ptr<SequenceLayer> make_delta_net_layer(ParameterSet& set, const std::string& name,
                                                    const CoreOptions& options, DropoutSites& sites);
/// linear_attention (Katharopoulos et al., 2020).
std::unique_ptr<SequenceLayer> make_linear_attention_layer(ParameterSet& set, const std::string& name,
                                                           const CoreOptions& options, DropoutSites& sites);
/// softmax_attention (Vaswani et al., 2017), without positional encoding.
std::unique_ptr<SequenceLayer> make_softmax_attention_layer(ParameterSet& set, const std::string& name,
                                                            const CoreOptions& options, DropoutSites& sites);

}  // namespace srwm
