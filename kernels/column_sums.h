// Sums of the columns of a matrix, for gradients of biases and of layer normalization, and the copy that is their
// opposite.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// y[m, i] = row[i] for every row m.
void copy_to_rows(cudaStream_t stream, const float* row, float* y, std::int64_t rows, std::int64_t width);

/// Number of partial sums that the column sums below need room for: `partial` is [column_sum_slices(rows), width].
std::int64_t column_sum_slices(std::int64_t rows);
/// out[i] (+)= sum_m x[m, i], in an order that depends on the shape alone.
void column_sums(cudaStream_t stream, const float* x, std::int64_t rows, std::int64_t width, float* partial, float* out,
                 bool accumulate);

struct NormalizedColumnSums {
  std::int64_t rows, width;
  const float *x, *dL_dy;       ///< [rows, width]
  const float *mean, *inv_std;  ///< [rows]
  float* partial;
  float* out;  ///< [width]
  bool accumulate;
};
/// out[i] (+)= sum_m dL_dy[m, i] (x[m, i] - mean[m]) inv_std[m].
void normalized_column_sums(cudaStream_t stream, const NormalizedColumnSums& p);

}  // namespace srwm::cuda
