// Matrix products on the CPU, by the BLAS that the build found.
#pragma once

#include <cstdint>

namespace srwm::cpu {

/// C = alpha A B + beta C, A m x k, B k x n, C m x n, row-major. A stored matrix may be the transpose of the one in the
/// equation (`a_transposed`: a holds k rows of m). `*_stride` is the distance of two stored rows; 0 means that they
/// follow each other. With beta = 0, C need not be initialized. C must not overlap A or B.
///
///     gemm(context.threads(), Gemm<float>{.m = rows, .n = out, .k = in, .a = x, .b = weight, .b_transposed = true, .c
///     = y});
template <typename Real>
struct Gemm {
  std::int64_t m = 0, n = 0, k = 0;
  const Real* a = nullptr;
  bool a_transposed = false;
  const Real* b = nullptr;
  bool b_transposed = false;
  Real* c = nullptr;
  Real alpha = 1, beta = 0;
  std::int64_t a_stride = 0, b_stride = 0, c_stride = 0;
};

/// Runs the product on up to `threads` threads; with threads = 1 it may be called inside a parallel loop. The result is
/// the same bit for bit whatever the number of threads: C is cut into blocks that depend on its shape only, and the
/// library computes each on one thread. std::bad_alloc if the process may not have the library's buffers.
void gemm(int threads, const Gemm<float>& product);
void gemm(int threads, const Gemm<double>& product);

}  // namespace srwm::cpu
