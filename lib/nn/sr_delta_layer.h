// A DeltaNet memory whose slow net is an SRWM.
#pragma once

#include "nn/sequence_layer.h"

namespace srwm {

/// y = delta_net(keys through a softmax (srwm(x))); the residual is x.
std::unique_ptr<SequenceLayer> make_sr_delta_layer(ParameterSet& set, const std::string& name,
                                                   const CoreOptions& options, DropoutSites& sites);

}  // namespace srwm
