// A fast-weight matrix in the registers of one block, and the products that SRWM and DeltaNet are made of.
#pragma once

#include "kernels/device.cuh"
#include "kernels/fast_weights.h"
#include "kernels/launch.h"

namespace srwm::cuda {

/// D columns, and rows in blocks of D: thread g S + c holds, of row g of every block, the K = D / S columns from c K
/// on. S lanes next to each other share a row. A block of D S threads works on one (sequence, head).
template <int D_, int S_>
struct Layout {
  static constexpr int D = D_, S = S_, K = D / S, threads = D * S, warps = threads / warp_size;
  static_assert(threads % warp_size == 0 && D % S == 0 && S < warp_size);

  static __device__ __forceinline__ int row() { return threadIdx.x / S; }
  static __device__ __forceinline__ int part() { return threadIdx.x % S; }
  static __device__ __forceinline__ int first_column() { return part() * K; }
  static __device__ __forceinline__ int lane() { return threadIdx.x % warp_size; }
  static __device__ __forceinline__ int warp() { return threadIdx.x / warp_size; }

  /// Barrier among the threads of the block.
  static __device__ __forceinline__ void sync() {
    if constexpr (warps == 1) {
      __syncwarp();
    } else {
      __syncthreads();
    }
  }
};

/// Head sizes with compiled code, each with its number of lanes per row.
using Layout8 = Layout<8, 4>;
using Layout16 = Layout<16, 2>;
using Layout32 = Layout<32, 4>;
using Layout64 = Layout<64, 8>;

/// Calls run(layout) with the one for head size d; false if there is none.
template <typename Run>
bool with_layout(int d, const Run& run) {
  switch (d) {
    case Layout8::D:
      run(Layout8{});
      return true;
    case Layout16::D:
      run(Layout16{});
      return true;
    case Layout32::D:
      run(Layout32{});
      return true;
    case Layout64::D:
      run(Layout64{});
      return true;
    default:
      return false;
  }
}

/// Whether W of this head size stays in registers.
inline bool has_layout(int d) {
  return with_layout(d, [](auto) {});
}

/// A block for each sequence and head.
template <class L>
Launch blocks_for(const FastWeightSizes& sizes) {
  return {static_cast<unsigned>(sizes.batch * sizes.heads), L::threads};
}

/// sum over the row's columns of w[m] v[column]; all lanes of the row get it.
template <class L>
__device__ __forceinline__ float row_times(const float (&w)[L::K], const float* v) {
  float sum = 0;
#pragma unroll
  for (int m = 0; m < L::K; ++m) sum += w[m] * v[L::first_column() + m];
#pragma unroll
  for (int offset = L::S / 2; offset > 0; offset /= 2) sum += __shfl_xor_sync(all_lanes, sum, offset);
  return sum;
}

/// The same with v = a - b.
template <class L>
__device__ __forceinline__ float row_times_difference(const float (&w)[L::K], const float* a, const float* b) {
  float sum = 0;
#pragma unroll
  for (int m = 0; m < L::K; ++m) sum += w[m] * (a[L::first_column() + m] - b[L::first_column() + m]);
#pragma unroll
  for (int offset = L::S / 2; offset > 0; offset /= 2) sum += __shfl_xor_sync(all_lanes, sum, offset);
  return sum;
}

/// Adds N numbers per lane over the lanes that differ in bits First, 2 First, ..., 16, handing each lane half of what
/// is left at every stage: N - 1 + log2(lanes / N) shuffles instead of N log2(lanes). Of the sums, v[0 .. left) are
/// then numbers `first` .. `first` + left - 1; where left is 1 and lanes remain, several lanes hold the same one, and
/// `writes` is true for one of them.
template <int First, int N>
struct Scatter {
  int first = 0;
  bool writes = true;
  static constexpr int left = N * First / warp_size > 1 ? N* First / warp_size : 1;

  __device__ __forceinline__ explicit Scatter(float (&v)[N]) { stage<First, N>(v); }

 private:
  template <int Offset, int Count>
  __device__ __forceinline__ void stage(float (&v)[N]) {
    if constexpr (Offset < warp_size) {
      const bool upper = threadIdx.x & Offset;
      if constexpr (Count > 1) {
        constexpr int half = Count / 2;
#pragma unroll
        for (int m = 0; m < half; ++m) {
          const float send = upper ? v[m] : v[half + m], keep = upper ? v[half + m] : v[m];
          v[m] = keep + __shfl_xor_sync(all_lanes, send, Offset);
        }
        if (upper) first += half;
        stage<Offset * 2, half>(v);
      } else {
        v[0] += __shfl_xor_sync(all_lanes, v[0], Offset);
        writes = writes && !upper;
        stage<Offset * 2, 1>(v);
      }
    }
  }
};

/// Sums of columns over all rows, warp by warp: sums[warp][column], to be added over warps after a barrier.
template <class L>
__device__ __forceinline__ void column_sums_of_warp(float (&v)[L::K], float (*sums)[L::D]) {
  const Scatter<L::S, L::K> scattered(v);
  if (!scattered.writes) return;
#pragma unroll
  for (int m = 0; m < scattered.left; ++m) sums[L::warp()][L::first_column() + scattered.first + m] = v[m];
}

/// Adds what the warps left at one column.
template <class L>
__device__ __forceinline__ float over_warps(const float (*sums)[L::D], int column) {
  float total = 0;
#pragma unroll
  for (int w = 0; w < L::warps; ++w) total += sums[w][column];
  return total;
}

/// Groups of lanes that hold one vector of D numbers each, or D / 32 numbers per lane of a whole warp; groups 0 and 1
/// work on two vectors side by side. With one warp and D < 16 further groups repeat what group 1 does.
template <class L>
struct Pair {
  static constexpr int lanes = L::D < warp_size ? L::D : warp_size, per_lane = L::D / lanes;
  /// 0 or 1: which vector; other threads must not write.
  static __device__ __forceinline__ int which() {
    const int group = threadIdx.x / lanes;
    return group < 1 ? 0 : 1;
  }
  /// Whether this warp has anything to do: the same for all its lanes.
  static __device__ __forceinline__ bool works() { return L::D < warp_size || threadIdx.x < 2 * warp_size; }
  static __device__ __forceinline__ bool writes() { return threadIdx.x < 2 * lanes; }
  static __device__ __forceinline__ int index(int m) { return threadIdx.x % lanes + m * lanes; }

  static __device__ __forceinline__ float sum(float value) {
#pragma unroll
    for (int offset = lanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(all_lanes, value, offset);
    return value;
  }
  static __device__ __forceinline__ float max(float value) {
#pragma unroll
    for (int offset = lanes / 2; offset > 0; offset /= 2) {
      value = fmaxf(value, __shfl_xor_sync(all_lanes, value, offset));
    }
    return value;
  }
};

/// p[w] = softmax(z[w]) for w = 0, 1, in shared memory.
template <class L>
__device__ __forceinline__ void softmax_pair(const float (*z)[L::D], float (*p)[L::D]) {
  using P = Pair<L>;
  if (!P::works()) return;
  float e[P::per_lane], largest = z[P::which()][P::index(0)], sum = 0;
#pragma unroll
  for (int m = 1; m < P::per_lane; ++m) largest = fmaxf(largest, z[P::which()][P::index(m)]);
  largest = P::max(largest);
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) sum += e[m] = expf(z[P::which()][P::index(m)] - largest);
  sum = P::sum(sum);
  if (!P::writes()) return;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) p[P::which()][P::index(m)] = e[m] / sum;
}

__device__ __forceinline__ float sigmoid(float x) {
  return 1 / (1 + expf(-x));
}

/// Reads or writes a matrix of J blocks of rows, stored input index first: element (row r, column i) at i * rows + r.
/// In the last block only the first `last_rows` rows exist.
template <class L, int J>
struct MatrixInMemory {
  int rows, last_rows;

  __device__ __forceinline__ bool has(int j) const { return j < J - 1 || L::row() < last_rows; }
  __device__ __forceinline__ std::int64_t at(int j, int m) const {
    return static_cast<std::int64_t>(L::first_column() + m) * rows + j * L::D + L::row();
  }
  __device__ __forceinline__ void load(const float* from, float (&w)[J][L::K]) const {
#pragma unroll
    for (int j = 0; j < J; ++j) {
#pragma unroll
      for (int m = 0; m < L::K; ++m) w[j][m] = has(j) ? from[at(j, m)] : 0.0f;
    }
  }
  __device__ __forceinline__ void store(const float (&w)[J][L::K], float* to, bool add = false) const {
#pragma unroll
    for (int j = 0; j < J; ++j) {
      if (!has(j)) continue;
#pragma unroll
      for (int m = 0; m < L::K; ++m) put(add, to[at(j, m)], w[j][m]);
    }
  }
};

}  // namespace srwm::cuda
