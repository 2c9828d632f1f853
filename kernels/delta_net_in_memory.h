// DeltaNet for head sizes without a kernel in registers: W stays in device memory, forward keeps it before every step.
#pragma once

#include "kernels/delta_net.h"

namespace srwm::cuda {

void delta_net_forward_in_memory(cudaStream_t stream, const DeltaNetForward& p);
void delta_net_backward_in_memory(cudaStream_t stream, const DeltaNetBackward& p);

}  // namespace srwm::cuda
