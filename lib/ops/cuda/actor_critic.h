// What goes with the actor-critic loss on the GPU and has no gradient.
#pragma once

#include "ops/sample_actions.h"
#include "ops/vtrace.h"

namespace srwm::cuda {

void vtrace_body(Context& context, const VTrace& vtrace);
void sample_actions_body(Context& context, const SampleActions& sample);

}  // namespace srwm::cuda
