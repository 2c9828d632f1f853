// The matrix products of winograd_kernels.h, for kernel sources: blocks of rows x vectors are summed in registers.
#pragma once

#include "ops/cpu/simd.h"
#include "ops/cpu/winograd_kernels.h"

namespace srwm::cpu::SRWM_SIMD {

// A block must leave registers for one row of the right-hand side and a broadcast: 32 registers in v4, 16 otherwise.
constexpr int block_rows = lanes == 4 ? 4 : 6;
constexpr int block_vectors = lanes == 16 ? 4 : 2;

/// Matrices of a product C = A B or C += A^T B; row strides in floats.
struct Product {
  float* c;
  const float* a;
  const float* b;
  std::int64_t c_stride, a_stride, b_stride, depth;
};

/// C[rows x vectors] = A B, or with `transposed` C += A^T B.
template <int rows, int vectors, bool transposed>
inline void product_block(const Product& p) {
  Vec sum[rows][vectors];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) sum[r][v] = transposed ? load(p.c + r * p.c_stride + v * lanes) : Vec{};
  }
  const float* a = p.a;
  const float* b = p.b;
  for (std::int64_t k = 0; k < p.depth; ++k) {
    Vec right[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) right[v] = load(b + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const Vec left = broadcast(transposed ? a[r] : a[r * p.a_stride]);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) sum[r][v] += left * right[v];
    }
    a += transposed ? p.a_stride : 1;
    b += p.b_stride;
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) store(p.c + r * p.c_stride + v * lanes, sum[r][v]);
  }
}

/// All rows of a column block: whole blocks of rows, then the remaining rows, one size smaller at a time.
template <int rows, int vectors, bool transposed>
inline void product_rows(Product p, std::int64_t count) {
  for (; count >= rows; count -= rows) {
    product_block<rows, vectors, transposed>(p);
    p.c += rows * p.c_stride;
    p.a += rows * (transposed ? 1 : p.a_stride);
  }
  if constexpr (rows > 1) {
    if (count > 0) product_rows<rows - 1, vectors, transposed>(p, count);
  }
}

/// The whole product: `columns` is a multiple of the vector width.
template <int vectors, bool transposed>
inline void product_columns(Product p, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t width = vectors * lanes;
  for (; columns >= width; columns -= width) {
    product_rows<block_rows, vectors, transposed>(p, rows);
    p.c += width;
    p.b += width;
  }
  if constexpr (vectors > 1) {
    if (columns > 0) product_columns<vectors - 1, transposed>(p, rows, columns);
  }
}

}  // namespace srwm::cpu::SRWM_SIMD
