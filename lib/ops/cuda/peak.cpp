#include "ops/cuda/peak.h"

#include "ops/cuda/gemm.h"

namespace srwm::cuda {
namespace {

/// As gemm, for square matrices of bf16.
void bf16_product(Context& context, const Tensor& a, const Tensor& b, const Tensor& c) {
  const int n = static_cast<int>(c.dim(0));
  const float one = 1, zero = 0;
  check(cublasGemmEx(queue_of(context).blas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, b.raw(), CUDA_R_16BF, n,
                     a.raw(), CUDA_R_16BF, n, &zero, c.raw(), CUDA_R_32F, n, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
        "a matrix product");
}

void product(Context& context, const Tensor& a, const Tensor& b, const Tensor& c) {
  if (a.dtype() == DType::bf16) return bf16_product(context, a, b, c);
  const std::int64_t n = c.dim(0);
  gemm(context, n, n, n, {a.data<float>(), n}, {b.data<float>(), n}, 0, c.data<float>(), n);
}

}  // namespace

PeakBodies peak_bodies() {
  return {product};
}

}  // namespace srwm::cuda
