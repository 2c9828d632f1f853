#include "ops/cuda/gemm.h"

namespace srwm::cuda {

namespace {

cublasComputeType_t compute_type(Precision precision) {
  switch (precision) {
    case Precision::tf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::bf16:
      return CUBLAS_COMPUTE_32F_FAST_16BF;
    case Precision::fp32:
      break;
  }
  return CUBLAS_COMPUTE_32F;
}

}  // namespace

void gemm(Context& context, std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& a, const Matrix& b,
          float keep, float* c, std::int64_t c_stride) {
  // Row-major C = A B is column-major C^T = B^T A^T.
  const float one = 1;
  const auto op = [](const Matrix& x) { return x.transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
  check(cublasGemmEx(queue_of(context).blas(), op(b), op(a), static_cast<int>(n), static_cast<int>(m),
                     static_cast<int>(k), &one, b.data, CUDA_R_32F, static_cast<int>(b.stride), a.data, CUDA_R_32F,
                     static_cast<int>(a.stride), &keep, c, CUDA_R_32F, static_cast<int>(c_stride),
                     compute_type(context.precision()), CUBLAS_GEMM_DEFAULT),
        "a matrix product");
}

}  // namespace srwm::cuda
