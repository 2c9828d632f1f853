// The instructions of tensor cores and of asynchronous copies, one function each; the emulator has a twin of each.
//
// A warp multiplies A [16, k] with B [k, 8]; a 32-bit word holds one tf32 number or two neighboring bf16 ones. With
// g = lane / 4, t = lane % 4 a lane holds, in words along k:
//   a[0] = A(g, t), a[1] = A(g + 8, t), a[2] = A(g, t + 4), a[3] = A(g + 8, t + 4),  b[0] = B(t, g), b[1] = B(t + 4,
//   g), c[0], c[1] = C(g, 2 t), C(g, 2 t + 1), c[2], c[3] = C(g + 8, 2 t), C(g + 8, 2 t + 1).
#pragma once

#include "kernels/device.cuh"

#ifdef SRWM_CUDA_EMULATED
#include "kernels/emulator/tensor_core.h"
#else

namespace srwm::cuda {

__device__ __forceinline__ unsigned shared_address(const void* memory) {
  return static_cast<unsigned>(__cvta_generic_to_shared(memory));
}

/// C += A B, k = 8, tf32. The lowest 13 bits of each word are ignored.
__device__ __forceinline__ void multiply_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// C += A B, k = 16, bf16.
__device__ __forceinline__ void multiply_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// Four matrices of 8 rows of 16 bytes in shared memory: lane l names row l % 8 of matrix l / 8; word t of row g of
/// matrix j becomes to[j].
__device__ __forceinline__ void load_matrices(unsigned (&to)[4], const unsigned* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}

/// The same transposed, as 8 x 8 matrices of bf16: to[j] holds elements (2 t, g) and (2 t + 1, g) of matrix j.
__device__ __forceinline__ void load_matrices_transposed(unsigned (&to)[4], const unsigned* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
}

/// The nearest tf32 number.
__device__ __forceinline__ unsigned to_tf32(float value) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
}

/// Two numbers as bf16, `low` in the lower half.
__device__ __forceinline__ unsigned to_bf16_pair(float low, float high) {
  unsigned bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

/// Copies 16 bytes to shared memory while the thread continues.
__device__ __forceinline__ void copy_async(void* shared, const void* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(shared)), "l"(global) : "memory");
}
/// Ends a group of the thread's copies.
__device__ __forceinline__ void end_copy_group() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Waits until all but the thread's last `Left` groups have arrived.
template <int Left>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
}

}  // namespace srwm::cuda

#endif
