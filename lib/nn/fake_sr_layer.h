// A layer of one trained matrix per head that is never rewritten.
#pragma once

#include "nn/sequence_layer.h"

namespace srwm {

/// y = W^y x per head, with W^y as in an SRWM; the residual is x.
std::unique_ptr<SequenceLayer> make_fake_sr_layer(ParameterSet& set, const std::string& name,
                                                  const CoreOptions& options, DropoutSites& sites);

}  // namespace srwm
