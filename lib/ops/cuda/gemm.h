// Matrix products through cuBLAS, on row-major matrices.
#pragma once

#include "ops/cuda/queue.h"

namespace srwm::cuda {

/// A row-major operand: element (i, j) of op(A) is data[i * stride + j], or data[j * stride + i] if transposed.
struct Matrix {
  const float* data;
  std::int64_t stride;
  bool transposed = false;
};

/// C = A B + keep C with C [m, n] of row stride `c_stride`, A [m, k], B [k, n]; A and B are rounded to the context's
/// precision, sums are float32.
void gemm(Context& context, std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& a, const Matrix& b,
          float keep, float* c, std::int64_t c_stride);

}  // namespace srwm::cuda
