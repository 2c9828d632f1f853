// Twins of the functions of kernels/tensor_core.cuh.
#pragma once

#include <cstring>

#include "kernels/emulator/execution.h"

namespace srwm::cuda {

void multiply_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]);
void multiply_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]);
void load_matrices(unsigned (&to)[4], const unsigned* row);
void load_matrices_transposed(unsigned (&to)[4], const unsigned* row);
unsigned to_tf32(float value);
unsigned to_bf16_pair(float low, float high);

/// A copy arrives when it is waited for, not before.
void copy_async(void* shared, const void* global);
void end_copy_group();
void wait_for_copies_but(int left);
template <int Left>
void wait_for_copies() {
  wait_for_copies_but(Left);
}

}  // namespace srwm::cuda
