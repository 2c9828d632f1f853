// What every optimizer does with gradients first.
#pragma once

#include "core/context.h"
#include "nn/parameters.h"

namespace srwm {

/// A parameter that received no gradient gets a zero one.
inline void zero_missing_gradients(Context& context, const ParameterSet& parameters) {
  for (const Parameter& p : parameters.parameters()) {
    if (!p.slot.written) context.queue().zero(p.slot.grad.raw(), p.slot.grad.bytes());
  }
}

}  // namespace srwm
