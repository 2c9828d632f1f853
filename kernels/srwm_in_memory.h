// SRWM for head sizes without a kernel in registers: W stays in device memory, forward keeps it before every step.
#pragma once

#include "kernels/srwm.h"

namespace srwm::cuda {

void srwm_forward_in_memory(cudaStream_t stream, const SrwmForward& p);
void srwm_backward_in_memory(cudaStream_t stream, const SrwmBackward& p);

}  // namespace srwm::cuda
