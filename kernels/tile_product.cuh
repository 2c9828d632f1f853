// A 64 x 64 tile of a matrix product in float32, for operands that are computed as they are loaded.
#pragma once

#include <cstdint>

#include "kernels/device.cuh"

namespace srwm::cuda {

constexpr int tile_size = 64, tile_depth = 16, tile_threads = 256;

/// The 16 elements of a tile that one thread holds: rows row + 0..3, columns column + 0..3.
struct TileSums {
  float value[4][4];
  int row, column;
};

/// Loads tile_depth x 64 elements operand(k, j), k from k0 on, into shared memory, zeros from `end` on. Neighbouring
/// threads get neighboring k where the operand says that these lie side by side in memory, else neighboring j.
template <typename Operand>
__device__ __forceinline__ void load_tile(float (&to)[tile_depth][tile_size + 4], const Operand& operand, int k0,
                                          int end) {
  constexpr int step = tile_threads / (Operand::k_is_contiguous ? tile_depth : tile_size);
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int e = 0; e < tile_depth * tile_size / tile_threads; ++e) {
    const int k = Operand::k_is_contiguous ? thread % tile_depth : thread / tile_size + e * step;
    const int j = Operand::k_is_contiguous ? thread / tile_depth + e * step : thread % tile_size;
    to[k][j] = k0 + k < end ? operand(k0 + k, j) : 0.0f;
  }
}

/// sum over k in [begin, end) of left(k, row) right(k, column). All threads of a block of tile_threads call it.
template <typename Left, typename Right>
__device__ TileSums tile_product(const Left& left, const Right& right, int begin, int end) {
  alignas(16) __shared__ float a[tile_depth][tile_size + 4];
  alignas(16) __shared__ float b[tile_depth][tile_size + 4];
  TileSums sums{{}, static_cast<int>(threadIdx.x) / 16 * 4, static_cast<int>(threadIdx.x) % 16 * 4};
  for (int k0 = begin; k0 < end; k0 += tile_depth) {
    load_tile(a, left, k0, end);
    load_tile(b, right, k0, end);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < tile_depth; ++k) {
      const float4 x = *reinterpret_cast<const float4*>(&a[k][sums.row]);
      const float4 y = *reinterpret_cast<const float4*>(&b[k][sums.column]);
      const float rows[4] = {x.x, x.y, x.z, x.w}, columns[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) sums.value[i][j] += rows[i] * columns[j];
      }
    }
    __syncthreads();
  }
  return sums;
}

}  // namespace srwm::cuda
