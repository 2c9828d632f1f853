// The additive memory for head sizes without a kernel in registers: W stays in device memory.
#pragma once

#include "kernels/linear_attention.h"

namespace srwm::cuda {

void linear_attention_forward_in_memory(cudaStream_t stream, const LinearAttentionForward& p);
void linear_attention_backward_in_memory(cudaStream_t stream, const LinearAttentionBackward& p);

}  // namespace srwm::cuda
